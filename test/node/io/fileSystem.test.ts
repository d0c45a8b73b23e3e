import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { getBackend, io, type Tensor, tensor2d, zeros } from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { fileSystem } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'distill-io-'))));
afterEach(() => rm(folder, { recursive: true }));

const INPUT = [
  [0.5, -1, 2],
  [1, 0, -0.25],
];

function smallModel(): Sequential {
  const model = sequential();
  model.add(layers.dense({ inputShape: [3], units: 4, activation: 'relu', name: 'hidden' }));
  model.add(layers.dense({ units: 2, name: 'logits' }));
  return model;
}

async function outputs(model: { predict(x: Tensor): Tensor | Tensor[] }): Promise<number[]> {
  return Array.from(await (model.predict(tensor2d(INPUT)) as Tensor).data());
}

/** Runs with the model and disposes its weights: the guard counts tensors. */
async function withModel<M extends { dispose(): unknown }, T>(
  model: M,
  run: (model: M) => Promise<T>,
): Promise<T> {
  try {
    return await run(model);
  } finally {
    model.dispose();
  }
}

const saved = (to: string) =>
  withModel(smallModel(), async (model) => (await model.save(to), outputs(model)));
const loaded = async (from: string | io.IOHandler) => withModel(await loadLayersModel(from), outputs);

describe('file:// models', () => {
  it(`save and load on every engine, here ${process.env['TEST_ENGINE'] ?? 'cpu'}`, async () => {
    expect(getBackend()).toBe(process.env['TEST_ENGINE'] ?? 'cpu');
    const before = await saved(`file://${folder}/model`);
    expect(await readdir(`${folder}/model`)).toEqual(['model.json', 'weights.bin']);
    expect(await loaded(`file://${folder}/model/model.json`)).toEqual(before);
  });

  it('load from the folder too, and through the handler', async () => {
    const before = await saved(`file://${folder}`);
    expect(await loaded(`file://${folder}`)).toEqual(before);
    expect(await loaded(fileSystem(folder))).toEqual(before);
  });

  it('replace an older model in the same folder', async () => {
    await saved(`file://${folder}`);
    const newer = await saved(`file://${folder}`);
    expect(await loaded(`file://${folder}`)).toEqual(newer);
    expect(await readdir(folder)).toEqual(['model.json', 'weights.bin']);
  });

  it('load weights that lie in several files', async () => {
    const before = await saved(`file://${folder}`);
    const bytes = await readFile(`${folder}/weights.bin`);
    await writeFile(`${folder}/group1-shard1of2.bin`, bytes.subarray(0, 50)); // cuts a weight in two
    await writeFile(`${folder}/group1-shard2of2.bin`, bytes.subarray(50));
    await rewriteManifest((group) => ({ ...group, paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'] }));
    expect(await loaded(`file://${folder}`)).toEqual(before);
  });

  it('load weights in several groups', async () => {
    const before = await saved(`file://${folder}`);
    const bytes = await readFile(`${folder}/weights.bin`);
    const first = (3 * 4 + 4) * 4; // kernel and bias of the hidden layer
    await writeFile(`${folder}/a.bin`, bytes.subarray(0, first));
    await writeFile(`${folder}/b.bin`, bytes.subarray(first));
    await rewriteManifest(
      ({ weights }) => ({ paths: ['a.bin'], weights: weights.slice(0, 2) }),
      ({ weights }) => ({
        paths: ['b.bin'],
        weights: weights.slice(2),
      }),
    );
    expect(await loaded(`file://${folder}`)).toEqual(before);
  });

  it.each([
    ['float16', 2, 1e-3],
    ['uint8', 1, 3e-2],
    ['uint16', 2, 1e-4],
  ] as const)('load weights quantized to %s', async (dtype, bytes, tolerance) => {
    const before = await saved(`file://${folder}`);
    const whole = new Float32Array((await readFile(`${folder}/weights.bin`)).buffer.slice(0));
    const min = Math.min(...whole);
    const scale = (Math.max(...whole) - min) / (2 ** (8 * bytes) - 1);
    const packed =
      dtype === 'float16'
        ? Uint16Array.from(whole, halfBits)
        : new (bytes === 1 ? Uint8Array : Uint16Array)(
            whole.map((value) => Math.round((value - min) / scale)),
          );
    await writeFile(`${folder}/weights.bin`, new Uint8Array(packed.buffer));
    const quantization = dtype === 'float16' ? { dtype } : { dtype, min, scale };
    await rewriteManifest(({ paths, weights }) => ({
      paths,
      weights: weights.map((weight) => ({ ...weight, quantization })),
    }));
    const after = await loaded(`file://${folder}`);
    after.forEach((value, i) => expect(Math.abs(value - before[i]!)).toBeLessThan(tolerance * 10));
  });

  it('name the file that is missing', async () => {
    await expect(loaded(`file://${folder}/none/model.json`)).rejects.toThrow(
      `${folder}/none/model.json does not exist.`,
    );
    await saved(`file://${folder}`);
    await rm(`${folder}/weights.bin`);
    await expect(loaded(`file://${folder}`)).rejects.toThrow(`${folder}/weights.bin does not exist.`);
  });

  it('say how many bytes a truncated file lacks', async () => {
    await saved(`file://${folder}`);
    await truncate(`${folder}/weights.bin`, 60);
    await expect(loaded(`file://${folder}`)).rejects.toThrow(
      `load: Expected 104 bytes of weights in ${folder}/weights.bin, got 60.`,
    );
  });

  it('tell a damaged or foreign model.json from a model', async () => {
    await saved(`file://${folder}`);
    await truncate(`${folder}/model.json`, 100);
    await expect(loaded(`file://${folder}`)).rejects.toThrow('model.json is not valid JSON. It is truncated');
    await writeFile(`${folder}/model.json`, '{"a":1}');
    await expect(loaded(`file://${folder}`)).rejects.toThrow('lacks modelTopology or weightsManifest');
  });

  it('refuse a folder that cannot be', async () => {
    await writeFile(`${folder}/file`, '');
    await expect(saved(`file://${folder}/file/model`)).rejects.toThrow(
      `${folder}/file/model cannot be written`,
    );
  });

  it('keep the training configuration and metadata', async () => {
    await withModel(smallModel(), async (model) => {
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      model.setUserDefinedMetadata({ teacher: 'big' });
      await model.save(`file://${folder}`, { includeOptimizer: true });
      model.optimizer.dispose();
    });
    const artifacts = await fileSystem(folder).load!();
    expect(artifacts.trainingConfig?.loss).toBe('mean_squared_error');
    expect(artifacts.userDefinedMetadata).toEqual({ teacher: 'big' });
    expect(artifacts.format).toBe('layers-model');
  });

  it('round-trip integers and booleans', async () => {
    const handler = fileSystem(folder);
    const { data, specs } = await io.encodeWeights({
      count: tensor2d([[1, -2]], [1, 2], 'int32'),
      flags: tensor2d([[true, false, true]], [1, 3], 'bool'),
      none: zeros([0, 3]),
    });
    await handler.save!({ modelTopology: {}, weightSpecs: specs, weightData: data });
    const back = await handler.load!();
    const weights = io.decodeWeights(io.CompositeArrayBuffer.join(back.weightData), back.weightSpecs!);
    expect(Array.from(await weights['count']!.data())).toEqual([1, -2]);
    expect(Array.from(await weights['flags']!.data())).toEqual([1, 0, 1]);
    expect(weights['none']!.shape).toEqual([0, 3]);
  });
});

type Group = io.WeightsManifestConfig[number];

async function rewriteManifest(...groups: ((group: Group) => Group)[]): Promise<void> {
  const file = `${folder}/model.json`;
  const model = JSON.parse(await readFile(file, 'utf8')) as io.ModelJSON;
  model.weightsManifest = groups.map((change) => change(model.weightsManifest[0]!));
  await writeFile(file, JSON.stringify(model));
}

/** The float16 next to zero from `value`, as bits. Normal numbers only, as weights are. */
function halfBits(value: number): number {
  const bits = new Uint32Array(new Float32Array([value]).buffer)[0]!;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return (bits >>> 16) & 0x8000;
  return ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}
