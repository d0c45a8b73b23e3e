import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { randomNormal, type Rank } from '@tensorflow/tfjs-core';
import { remoteTeacher } from '@tfjs-distill/node';
import { execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reference } from '../../fixtures/teachers/referenceModel.js';
import { grpcServer } from './grpcServer.js';

const quick = { backoff: 1, retries: 2, timeout: 2000 };
const samples = () => randomNormal<Rank.R2>([7, 4], 0, 1, 'float32', 5);

async function expectRight(url: string, options: Parameters<typeof remoteTeacher>[1] = {}): Promise<void> {
  const teacher = await remoteTeacher(url, { ...quick, ...options });
  const x = samples();
  const { logits } = await teacher.outputs({ x });
  const [got, wanted] = [[...(await logits.data())], await reference(x).logits.data()];
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  teacher.dispose?.();
}

describe('a teacher asked by gRPC', () => {
  it('takes typed lists for an answer, and sends headers as metadata', async () => {
    const server = await grpcServer();
    const headers = { authorization: 'Bearer secret' };
    await expectRight(`grpc://127.0.0.1:${server.port}/network`, { headers, batchSize: 3 });
    expect(server.tokens).toEqual(['Bearer secret', 'Bearer secret', 'Bearer secret']);
    server.close();
  });

  it('tries again what may pass', async () => {
    const server = await grpcServer([status.UNAVAILABLE, status.RESOURCE_EXHAUSTED]);
    await expectRight(`grpc://127.0.0.1:${server.port}/network`);
    server.close();
  });

  it.each([
    [
      [status.INVALID_ARGUMENT],
      /batch of 7 samples: gRPC status INVALID_ARGUMENT \(status INVALID_ARGUMENT\)\.$/,
    ],
    [[status.UNAVAILABLE, status.UNAVAILABLE, status.UNAVAILABLE], /gRPC status UNAVAILABLE .*Tried 3 times/],
  ])('names server, model and batch after %j', async (failures, message) => {
    const server = await grpcServer(failures);
    const teacher = await remoteTeacher(`grpc://127.0.0.1:${server.port}/network`, quick);
    const asked = teacher.outputs({ x: samples() });
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toThrow(`Model server grpc://127.0.0.1:${server.port}, model "network"`);
    teacher.dispose?.();
    server.close();
  });

  it('says that nobody answers', async () => {
    const server = await grpcServer();
    server.close();
    await expect(remoteTeacher(`grpc://127.0.0.1:${server.port}/network`, quick)).rejects.toThrow(
      /model "network": (gRPC status UNAVAILABLE|No answer within)/,
    );
  });
});

const openssl = execaSync('openssl', ['version'], { reject: false }).failed ? 'needs openssl' : undefined;

describe.skipIf(openssl)(`a server with a certificate of its own${openssl ? ` (${openssl})` : ''}`, () => {
  let folder: string;
  const file = (name: string) => path.join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'distill-'));
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execaSync('openssl', [
      'req',
      '-x509',
      ...curve,
      ...subject,
      '-keyout',
      file('key.pem'),
      '-out',
      file('ca.pem'),
    ]);
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('is trusted by gRPC if its certificate is given', async () => {
    const [key, cert] = [await readFile(file('key.pem')), await readFile(file('ca.pem'))];
    const credentials = ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
    const server = await grpcServer([], credentials);
    await expectRight(`grpcs://localhost:${server.port}/network`, { tls: { ca: file('ca.pem') } });
    server.close();
  });

  it('is trusted by REST if its certificate is given, and not otherwise', async () => {
    const [key, cert] = [await readFile(file('key.pem')), await readFile(file('ca.pem'))];
    const port = { name: 'x', datatype: 'FP32', shape: [-1, 4] };
    const server = createServer({ key, cert }, (_, response) =>
      response.end(
        JSON.stringify({ name: 'network', inputs: [port], outputs: [{ ...port, name: 'logits' }] }),
      ),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/v2/models/network`;
    const teacher = await remoteTeacher(url, { ...quick, tls: { ca: file('ca.pem') } });
    expect(teacher.signature.output).toEqual([null, 4]);
    teacher.dispose?.();
    await expect(remoteTeacher(url, { ...quick, retries: 0 })).rejects.toThrow(/self-signed certificate/);
    await expect(remoteTeacher(url, { ...quick, tls: { ca: file('absent.pem') } })).rejects.toThrow(
      /tls\.ca: .*absent\.pem cannot be read/,
    );
    server.closeAllConnections();
    server.close();
  });
});
