import { fingerprint, modelFingerprint } from '@tfjs-distill/node';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { tensor } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';

describe('fingerprint', () => {
  it('depends on the bytes, their order and where they are split', () => {
    const marks = [
      fingerprint(Uint8Array.of(1, 2), Uint8Array.of(3)),
      fingerprint(Uint8Array.of(1), Uint8Array.of(2, 3)),
      fingerprint(Uint8Array.of(3), Uint8Array.of(1, 2)),
      fingerprint(Uint8Array.of(1, 2, 3)),
    ];
    expect(new Set(marks).size).toBe(4);
    expect(fingerprint(Uint8Array.of(9, 1, 2).subarray(1), Uint8Array.of(3))).toBe(marks[0]);
    expect(fingerprint('abc')).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('modelFingerprint', () => {
  const models: LayersModel[] = [];
  const model = (activation: 'relu' | 'tanh'): LayersModel => {
    const made = sequential({ layers: [layers.dense({ units: 2, inputShape: [3], activation })] });
    made.setWeights([tensor([1, 2, 3, 4, 5, 6], [3, 2]), tensor([0, 1])]);
    models.push(made);
    return made;
  };
  afterEach(() => {
    for (const made of models.splice(0)) made.dispose();
  });

  it('is one for two models that compute the same, whatever their layers are called', async () => {
    expect(await modelFingerprint(model('relu'))).toBe(await modelFingerprint(model('relu')));
  });

  it('is another for another weight or another layer', async () => {
    const moved = model('relu');
    moved.setWeights([tensor([1, 2, 3, 4, 5, 7], [3, 2]), tensor([0, 1])]);
    const marks = await Promise.all([model('relu'), model('tanh'), moved].map(modelFingerprint));
    expect(new Set(marks).size).toBe(3);
  });
});
