import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomNormal, type Rank, type Tensor } from '@tensorflow/tfjs-core';
import { openTeacher } from '@tfjs-distill/node';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reference } from '../../fixtures/teachers/referenceModel.js';
import {
  type Environment,
  freePorts,
  pythonWith,
  type ServerProcess,
  temporaryFolder,
  untilReady,
} from './python.js';

const scripts = fileURLToPath(new URL('servers/', import.meta.url));

interface Server {
  readonly port: number;
  readonly process: ServerProcess;
}

/** MLServer, the server of KServe and Seldon: JSON and raw gRPC. */
async function startMlserver({ python }: Extract<Environment, { python: string }>): Promise<Server> {
  const [port, folder] = [await freePorts(), await temporaryFolder()];
  const tensor = (name: string, width: number) => ({ name, datatype: 'FP32', shape: [-1, width] });
  const model = {
    name: 'network',
    implementation: 'network.Network',
    inputs: [tensor('x', 4)],
    outputs: [tensor('logits', 3), tensor('hidden', 5)],
  };
  const settings = {
    host: '127.0.0.1',
    http_port: port,
    grpc_port: port + 1,
    metrics_port: port + 2,
    parallel_workers: 0,
  };
  await copyFile(path.join(scripts, 'network.py'), path.join(folder, 'network.py'));
  await writeFile(path.join(folder, 'model-settings.json'), JSON.stringify(model));
  await writeFile(path.join(folder, 'settings.json'), JSON.stringify(settings));
  const mlserver = path.join(path.dirname(python), 'mlserver');
  return { port, process: execa(mlserver, ['start', folder], { all: true, reject: false, cwd: folder }) };
}

/** NVIDIA Triton, by pytriton: the binary extension of REST, and gRPC. */
async function startTriton({ python, libraries }: Extract<Environment, { python: string }>): Promise<Server> {
  const port = await freePorts();
  const env = { LD_LIBRARY_PATH: libraries }; // its worker embeds this Python
  const process = execa(python, [path.join(scripts, 'triton.py'), String(port)], {
    all: true,
    reject: false,
    env,
  });
  return { port, process };
}

const kinds = [
  { name: 'MLServer', start: startMlserver, environment: await pythonWith('mlserver') },
  { name: 'Triton', start: startTriton, environment: await pythonWith('nvidia-pytriton') },
];

for (const { name, start, environment } of kinds) {
  const missing = 'missing' in environment ? environment.missing : undefined;
  describe.skipIf(missing)(`a teacher on ${name}${missing ? ` (${missing})` : ''}`, () => {
    let server: Server;

    beforeAll(async () => {
      server = await start(environment as Extract<Environment, { python: string }>);
      await untilReady(`http://127.0.0.1:${server.port}/v2/models/network/ready`, server.process);
    });

    afterAll(async () => {
      server.process.kill('SIGINT');
      await server.process;
    });

    const addresses = [
      ['REST', () => `http://127.0.0.1:${server.port}/v2/models/network`],
      ['gRPC', () => `grpc://127.0.0.1:${server.port + 1}/network`],
    ] as const;

    it.each(addresses)('answers by %s as the model does, batched and in order', async (_, url) => {
      const teacher = await openTeacher({ model: url(), batchSize: 16, concurrency: 3, outputs: 'logits' });
      const x = randomNormal<Rank.R2>([101, 4], 0, 1, 'float32', 3);
      const { logits, features } = await teacher.outputs({ x }, ['hidden']);
      const wanted = reference(x);
      expect(await furthest(logits, wanted.logits)).toBeLessThan(1e-5);
      expect(await furthest(features['hidden']!, wanted.hidden)).toBeLessThan(1e-5);
      expect(teacher.signature.output).toEqual([null, 3]);
      teacher.dispose?.();
    });

    it('has one fingerprint, however it is asked', async () => {
      const [rest, grpc] = await Promise.all(addresses.map(([, url]) => openTeacher(url())));
      expect(rest!.fingerprint).toBe(grpc!.fingerprint);
      rest!.dispose?.();
      grpc!.dispose?.();
    });

    it.each(addresses)('says by %s that there is no such model', async (_, url) => {
      const wrong = url().replace('network', 'netwrk');
      await expect(openTeacher({ model: wrong, retries: 0 })).rejects.toThrow(
        /model "netwrk": (HTTP|gRPC) status/,
      );
    });
  });
}

async function furthest(a: Tensor, b: Tensor): Promise<number> {
  const [first, second] = [[...(await a.data())], await b.data()];
  expect(a.shape).toEqual(b.shape);
  return first.reduce((most, value, i) => Math.max(most, Math.abs(value - second[i]!)), 0);
}
