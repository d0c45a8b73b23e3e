import { conv2d, ones, relu, type Tensor, type Tensor4D, tensor2d, sum } from '@tensorflow/tfjs-core';
import {
  maskedGeneration,
  maskedGenerationLoss,
  type MaskedGenerationOptions,
  randomMask,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, prepare } from './featureRig.js';

const convolve = (x: Tensor, kernel: Tensor) => conv2d(x as Tensor4D, kernel as Tensor4D, 1, 'same');

describeGolden<MaskedGenerationOptions>(
  'mgd',
  ({ teacher, student, mask, conv1Kernel, conv2Kernel, weights }, options) =>
    maskedGenerationLoss(teacher!, student!, {
      ...options,
      mask: mask!,
      generate: (x) => convolve(relu(convolve(x, conv1Kernel!)), conv2Kernel!),
      weights,
    }),
);

describe('maskedGenerationLoss', () => {
  it('is 2 for the example', async () => {
    const [t, s, mask] = [tensor2d([[1, 2]]), tensor2d([[1, 3]]), tensor2d([[0, 1]])];
    expect(await numberOf(maskedGenerationLoss(t, s, { mask }))).toBe(2);
  });

  it('is 0 for identical features that nothing masks', async () => {
    const t = normal([2, 3, 3, 4], 1);
    expect(await numberOf(maskedGenerationLoss(t, t))).toBe(0);
  });

  it('names both shapes where the generated one differs', () => {
    expect(() => maskedGenerationLoss(ones([2, 4, 4, 3]), ones([2, 2, 2, 3]))).toThrow(
      /linear resizing to 4×4/,
    );
  });
});

describe('randomMask', () => {
  it.each([
    ['positions', [64, 8, 8, 1]],
    ['channels', [64, 1, 1, 16]],
  ] as const)('leaves out the part that it is told, of %s', async (on, shape) => {
    const mask = randomMask([64, 8, 8, 16], { part: 0.65, on, seed: 1 });
    expect(mask.shape).toEqual(shape);
    expect((await numberOf(sum(mask))) / mask.size).toBeCloseTo(0.35, 1);
  });

  it('is the same for the same seed and another for another', async () => {
    const draw = async (seed: number) => [
      ...(await randomMask([2, 4, 4, 3], { part: 0.5, on: 'positions', seed }).data()),
    ];
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });
});

describe('maskedGeneration', () => {
  it('aligns channels and sizes, and trains a generator of two 3×3 convolutions', () => {
    const criterion = prepare(
      maskedGeneration({ student: 'a', teacher: 'b' }),
      { a: [null, 8, 8, 4] },
      { b: [null, 4, 4, 6] },
    );
    expect(criterion.variables?.map(({ name, shape }) => [name, shape])).toEqual([
      ['mgd/a-b/align/kernel', [4, 6]],
      ['mgd/a-b/align/bias', [6]],
      ['mgd/a-b/generator/conv1/kernel', [3, 3, 6, 6]],
      ['mgd/a-b/generator/conv1/bias', [6]],
      ['mgd/a-b/generator/conv2/kernel', [3, 3, 6, 6]],
      ['mgd/a-b/generator/conv2/bias', [6]],
    ]);
    criterion.dispose?.();
  });

  it('refuses vectors and a part of 1', () => {
    const vectors = () =>
      prepare(maskedGeneration({ student: 'a', teacher: 'a' }), { a: [null, 4] }, { a: [null, 4] });
    expect(vectors).toThrow(/layers that give maps/);
    expect(() => maskedGeneration({ student: 'a', teacher: 'a', part: 1 })).toThrow(/`part`.*got 1/);
  });
});
