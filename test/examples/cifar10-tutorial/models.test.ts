import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUniform, type Tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { fileSystem } from '@tfjs-distill/node';
import { describe, expect, it } from 'vitest';
import { deepNN, lightNN } from '../../../packages/examples/src/cifar10-tutorial/models.js';
import { exportNetwork } from '../../../packages/examples/src/cifar10-tutorial/weights/exportNetwork.js';

describe('the networks of PyTorch’s tutorial', () => {
  it.each([
    ['DeepNN', deepNN, 1_186_986, 2048],
    ['LightNN', lightNN, 267_738, 1024],
  ] as const)('%s has as many parameters, and as wide a hidden layer', (_, build, parameters, width) => {
    const network = build(1);
    expect(network.countParams()).toBe(parameters);
    expect(network.getLayer('flatten').outputShape).toEqual([null, width]);
    expect(network.outputShape).toEqual([null, 10]);
    network.dispose();
  });

  it('are the same for the same seed, and others for another', async () => {
    const first = async (seed: number) => {
      const network = lightNN(seed);
      const values = await network.getWeights()[0]!.data();
      network.dispose();
      return [...values];
    };
    expect(await first(2)).toEqual(await first(2));
    expect(await first(2)).not.toEqual(await first(3));
  });

  it('are written with the logits of some images', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'distill-export-'));
    const network = lightNN(1);
    const images = randomUniform([3, 32, 32, 3], 0, 1, 'float32', 5);
    const wanted = network.predict(images) as Tensor;
    await exportNetwork(network, dir, images);
    network.dispose();

    const values = new Float32Array((await readFile(join(dir, 'example.bin'))).buffer.slice(0)); // aligned
    expect(values).toHaveLength(3 * (32 * 32 * 3 + 10));
    expect([...values.subarray(0, 3 * 32 * 32 * 3)]).toEqual([...(await images.data())]);
    expect([...values.subarray(-30)]).toEqual([...(await wanted.data())]);
    expect(existsSync(join(dir, 'weights.bin'))).toBe(true);

    const again = await loadLayersModel(fileSystem(dir));
    expect([...(await (again.predict(images) as Tensor).data())]).toEqual([...(await wanted.data())]);
    again.dispose();
    await rm(dir, { recursive: true });
  });
});
