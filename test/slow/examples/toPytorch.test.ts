import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUniform } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deepNN, lightNN } from '../../../packages/examples/src/cifar10-tutorial/models.js';
import { exportNetwork } from '../../../packages/examples/src/cifar10-tutorial/weights/exportNetwork.js';
import { pythonHaving } from './pythonHaving.js';

const SCRIPT = 'packages/examples/src/cifar10-tutorial/weights/to_pytorch.py';
const torch = await pythonHaving('torch', 'numpy');
const reason = torch.missing === undefined ? '' : ` (${torch.missing})`;

describe.skipIf(torch.missing)(`to_pytorch.py${reason}`, () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'distill-torch-'))));
  afterEach(() => rm(dir, { recursive: true }));

  const compare = () =>
    execa((torch as { python: string }).python, [SCRIPT, join(dir, 'network')], { reject: false });

  async function write(network: LayersModel): Promise<void> {
    await exportNetwork(network, join(dir, 'network'), randomUniform([5, 32, 32, 3], 0, 1, 'float32', 7));
    network.dispose();
  }

  it.each([
    ['DeepNN', deepNN, '1,186,986'],
    ['LightNN', lightNN, '267,738'],
  ] as const)('gives the logits of %s in the class of the tutorial', async (name, build, parameters) => {
    await write(build(3));
    const { stdout, exitCode } = await compare();
    expect(stdout).toContain(`${name}, ${parameters} parameters, 5 images`);
    expect(Number(/differ by (\S+)/.exec(stdout)![1])).toBeLessThan(1e-5);
    expect(exitCode).toBe(0);
  });

  it('exits with 1 where one weight is another', async () => {
    await write(lightNN(3));
    const file = join(dir, 'network', 'weights.bin');
    const bytes = await readFile(file);
    bytes.writeFloatLE(bytes.readFloatLE(0) + 0.5, 0);
    await writeFile(file, bytes);
    const { exitCode } = await compare();
    expect(exitCode).toBe(1);
  });
});
