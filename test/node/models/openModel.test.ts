import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GraphModel } from '@tensorflow/tfjs-converter';
import { type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import { fileSystem, openModel } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveGraphModel } from './graphModel.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'distill-open-'))));
afterEach(() => rm(folder, { recursive: true }));

async function saveLayersModel(to: string): Promise<void> {
  const model = sequential({ layers: [layers.dense({ inputShape: [2], units: 3, name: 'logits' })] });
  await model.save(fileSystem(to));
  model.dispose();
}

async function opened<T>(location: string, use: (model: LayersModel | GraphModel) => T | Promise<T>) {
  const model = await openModel(location);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

describe('openModel', () => {
  it.each(['', '/model.json'])('opens a layers model by its folder%s', async (file) => {
    await saveLayersModel(folder);
    const kind = await opened(folder + file, (model) => model instanceof LayersModel);
    expect(kind).toBe(true);
  });

  it('takes a file:// address as it takes a path', async () => {
    await saveLayersModel(folder);
    expect(await opened(`file://${folder}`, (model) => model.outputs[0]?.shape)).toEqual([null, 3]);
  });

  it.each([true, false])('opens a graph model whose format is written: %s', async (format) => {
    await saveGraphModel(folder, { format });
    const values = await opened(folder, async (model) => {
      expect(model).toBeInstanceOf(GraphModel);
      return [...(await (model.predict(tensor2d([[1, 2]])) as Tensor).data())];
    });
    expect(values).toEqual([4, 6, 8]); // 2 · [1, 2] · [[0, 1, 2], [1, 1, 1]]
  });

  it('says that there is nothing', async () => {
    await expect(openModel(`${folder}/none`)).rejects.toThrow(
      /^openModel: There is no model at .*none\. Give/,
    );
  });

  it('says that a folder holds no model', async () => {
    await expect(openModel(folder)).rejects.toThrow(/holds no model\.json\. Give the folder/);
  });

  it('says what to do with a SavedModel', async () => {
    await writeFile(`${folder}/saved_model.pb`, '');
    await expect(openModel(folder)).rejects.toThrow(/is a TensorFlow SavedModel: convert it/);
  });

  it.each([
    ['{"modelTopology": {', /is not valid JSON\. It is truncated/],
    ['{"name": "package"}', /is not a TensorFlow\.js model/],
    [
      '{"modelTopology": {"model_config": {"class_name": "Unheard", "config": {}}}, "weightsManifest": []}',
      /cannot be opened: Unknown layer: Unheard.* It is damaged, or needs layers/s,
    ],
  ])('refuses a model.json of %s', async (text, message) => {
    await writeFile(`${folder}/model.json`, text);
    await expect(openModel(folder)).rejects.toThrow(message);
  });

  it('refuses a model whose weights are cut short', async () => {
    await saveLayersModel(folder);
    await truncate(`${folder}/weights.bin`, 10);
    await expect(openModel(folder)).rejects.toThrow(/Expected 36 bytes of weights in .*, got 10/);
  });

  it('refuses a model whose weights were not written', async () => {
    await saveLayersModel(folder);
    await rm(`${folder}/weights.bin`);
    await expect(openModel(folder)).rejects.toThrow(/weights\.bin does not exist/);
  });

  it('refuses a folder named model.json', async () => {
    await mkdir(`${folder}/model.json`);
    await expect(openModel(folder)).rejects.toThrow(/holds no model\.json/);
  });
});
