import {
  memory,
  scalar,
  slice,
  tensor1d,
  tensor2d,
  type Tensor,
  variable,
  variableGrads,
  zeros,
  div,
  norm,
  ones,
} from '@tensorflow/tfjs-core';
import { ContrastMemory, noiseContrastiveLoss, type NoiseContrastiveOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

describeGolden<NoiseContrastiveOptions>(
  'noise-contrastive',
  ({ positive, negative, logPartition }, options) =>
    noiseContrastiveLoss(positive!, negative!, { ...options, logPartition }),
);

describe('noiseContrastiveLoss', () => {
  it('is 2 log 2 for the example', async () => {
    const loss = noiseContrastiveLoss(tensor1d([0]), tensor2d([[0]]), { samples: 2 });
    expect(await numberOf(loss)).toBeCloseTo(2 * Math.log(2), 5);
  });

  it('leaves out scores that a mask leaves out, and samples of weight 0', async () => {
    const [positive, negative] = [normal([2], 1), normal([2, 3], 2)];
    const options = { samples: 10, logPartition: scalar(1) };
    const part = noiseContrastiveLoss(slice(positive, 0, 1), slice(negative, 0, 1), options);
    const weighed = noiseContrastiveLoss(positive, negative, { ...options, weights: tensor1d([2, 0]) });
    expect(await numberOf(weighed)).toBeCloseTo(await numberOf(part), 5);
    const masked = noiseContrastiveLoss(positive, negative, { ...options, mask: zeros([2, 3]) });
    expect(await numberOf(masked)).toBeLessThan(
      await numberOf(noiseContrastiveLoss(positive, negative, options)),
    );
  });

  it('names shapes that do not fit, and refuses no samples', () => {
    expect(() => noiseContrastiveLoss(ones([2]), ones([3, 4]), { samples: 5 })).toThrow(
      /`positive` \[2\].*`negative` \[3, 4\]/,
    );
    expect(() => noiseContrastiveLoss(ones([2]), ones([2, 4]), { samples: 0 })).toThrow(/`samples`.*got 0/);
  });
});

const unit = (shape: number[], seed: number): Tensor => {
  const x = normal(shape, seed);
  return div(x, norm(x, 2, 1, true));
};
const ids = Int32Array.of(0, 3, 7);
const options = { samples: 10, dimensions: 6, negatives: 20 };

describe('ContrastMemory', () => {
  it('finds a batch easier to tell apart once it is remembered', async () => {
    const contrast = new ContrastMemory(options);
    const [t, s] = [unit([3, 6], 1), unit([3, 6], 1)];
    const terms: number[] = [];
    for (let step = 0; step < 6; step++) {
      terms.push(await numberOf(contrast.loss([t, s], ids, { temperature: 0.3, step })));
    }
    expect(terms.at(-1)).toBeLessThan(terms[0]!);
    contrast.dispose();
  });

  it('holds the same number of tensors from batch to batch, and none after it is disposed', () => {
    const before = memory().numTensors;
    const contrast = new ContrastMemory(options);
    const held = memory().numTensors - before;
    const pair = [unit([3, 6], 1), unit([3, 6], 2)] as const;
    const first = memory().numTensors;
    contrast.loss(pair, ids, { temperature: 0.07, step: 0 }).dispose();
    contrast.loss(pair, ids, { temperature: 0.07, step: 1 }).dispose();
    expect([held, memory().numTensors]).toEqual([4, first]);
    contrast.dispose();
  });

  it('draws the same samples for the same seed and step', async () => {
    const pair = [unit([3, 6], 1), unit([3, 6], 2)] as const;
    const term = async (seed: number, step: number) => {
      const contrast = new ContrastMemory({ ...options, seed });
      const value = await numberOf(contrast.loss(pair, ids, { temperature: 0.07, step }));
      contrast.dispose();
      return value;
    };
    expect(await term(1, 0)).toBe(await term(1, 0));
    expect(await term(1, 0)).not.toBe(await term(1, 1));
    expect(await term(1, 0)).not.toBe(await term(2, 0));
  });

  it('keeps Z of the first batch', async () => {
    const contrast = new ContrastMemory({ ...options, momentum: 0.999 });
    const pair = [unit([3, 6], 1), unit([3, 6], 2)] as const;
    const term = (temperature: number) => numberOf(contrast.loss(pair, ids, { temperature, step: 0 }));
    await term(1); // estimates Z for flat scores
    const steep = await term(0.05);
    contrast.dispose();
    const fresh = new ContrastMemory({ ...options, momentum: 0.999 });
    expect(steep).toBeGreaterThan(
      2 * (await numberOf(fresh.loss(pair, ids, { temperature: 0.05, step: 0 }))),
    );
    fresh.dispose();
  });

  it('sends gradients to both embeddings and forgets samples of weight 0', async () => {
    const contrast = new ContrastMemory({ ...options, momentum: 0 });
    const [t, s] = [unit([3, 6], 1), unit([3, 6], 2)].map((x) => variable(x)) as [
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
    ];
    const weights = tensor1d([1, 0, 1]);
    const loss = () => contrast.loss([t, s], ids, { temperature: 0.07, step: 0, weights });
    const { grads } = variableGrads(loss, [t, s]);
    for (const x of [t, s]) {
      const gradient = [...(await grads[x.name]!.data())];
      expect(gradient.slice(6, 12).every((value) => value === 0)).toBe(true);
      expect(gradient.slice(0, 6).some((value) => value !== 0)).toBe(true);
    }
    contrast.dispose();
    t.dispose();
    s.dispose();
  });

  it('refuses ids beyond the data set', () => {
    const contrast = new ContrastMemory(options);
    const pair = [unit([1, 6], 1), unit([1, 6], 2)] as const;
    expect(() => contrast.loss(pair, Int32Array.of(10), { temperature: 0.07, step: 0 })).toThrow(
      'Expected ids from 0 to 9, got 10.',
    );
    contrast.dispose();
  });
});
