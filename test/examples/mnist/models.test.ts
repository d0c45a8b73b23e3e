import { io, randomUniform, type Tensor } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { halfPrecision } from '../../../packages/examples/src/mnist-distiller/halfPrecision.js';
import {
  deepTeacher,
  kerasStudent,
  kerasTeacher,
} from '../../../packages/examples/src/mnist-distiller/models.js';

const made: LayersModel[] = [];
const keep = (model: LayersModel): LayersModel => {
  made.push(model);
  return model;
};
afterEach(() => {
  for (const model of made.splice(0)) model.dispose();
});

describe('the models', () => {
  it("are Keras's example, layer by layer", () => {
    const outline = kerasStudent(1);
    keep(outline);
    expect(outline.layers.map((layer) => [layer.getClassName(), layer.outputShape.slice(1)])).toEqual([
      ['Conv2D', [14, 14, 16]],
      ['LeakyReLU', [14, 14, 16]],
      ['MaxPooling2D', [14, 14, 16]],
      ['Conv2D', [7, 7, 32]],
      ['Flatten', [1568]],
      ['Dense', [10]],
    ]);
    expect(outline.countParams()).toBe(20_490);
    expect(keep(kerasTeacher(1)).countParams()).toBe(1_433_610);
    expect(keep(deepTeacher(1)).countParams()).toBe(160_602);
  });

  it('start the same for the same seed and differ for another', async () => {
    const weights = async (seed: number) => {
      const values = await Promise.all(
        keep(kerasStudent(seed)).weights.map((weight) => weight.read().data()),
      );
      return values.flatMap((value) => Array.from(value));
    };
    const first = await weights(1);
    expect(await weights(1)).toEqual(first);
    expect(await weights(2)).not.toEqual(first);
  });
});

describe('halfPrecision', () => {
  it('halves the weights and keeps what the model computes to three digits', async () => {
    const model = keep(deepTeacher(5));
    let full: io.ModelArtifacts = {};
    await model.save(
      io.withSaveHandler((artifacts) => {
        full = artifacts;
        return Promise.resolve({
          modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' as const },
        });
      }),
    );
    const half = halfPrecision(full);
    expect((half.weightData as ArrayBuffer).byteLength).toBe(2 * 160_602);
    const loaded = keep(await loadLayersModel(io.fromMemory(half)));
    const images = randomUniform([4, 28, 28, 1], 0, 1, 'float32', 3);
    const [a, b] = await Promise.all([model, loaded].map((m) => (m.predict(images) as Tensor).data()));
    a!.forEach((value, i) => expect(Math.abs(value - b![i]!)).toBeLessThan(5e-3));
  });

  it('refuses a model without weights, and weights that are no float32', () => {
    expect(() => halfPrecision({})).toThrow('halfPrecision: Expected float32 weights, got none.');
    const weightSpecs = [{ name: 'steps', shape: [1], dtype: 'int32' as const }];
    expect(() => halfPrecision({ weightData: new ArrayBuffer(4), weightSpecs })).toThrow(
      'got steps of int32.',
    );
  });

  it('changes nothing of the model that it saves', async () => {
    const model = keep(sequential({ layers: [layers.dense({ units: 1, inputShape: [1], useBias: false })] }));
    const before = await model.weights[0]!.read().data();
    await model.save(
      io.withSaveHandler((artifacts) => {
        halfPrecision(artifacts);
        return Promise.resolve({
          modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' as const },
        });
      }),
    );
    expect(await model.weights[0]!.read().data()).toEqual(before);
  });
});
