import { mul, tensor2d } from '@tensorflow/tfjs-core';
import {
  activationBoundary,
  activationBoundaryLoss,
  type ActivationBoundaryOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, prepare } from './featureRig.js';

describeGolden<ActivationBoundaryOptions>('ab', ({ teacher, student, weights }, options) =>
  activationBoundaryLoss(teacher!, student!, { ...options, weights }),
);

describe('activationBoundaryLoss', () => {
  it('is 4.25 for the example', async () => {
    expect(await numberOf(activationBoundaryLoss(tensor2d([[5, -5]]), tensor2d([[0.5, 1]])))).toBe(4.25);
  });

  it('does not mind how strong the teacher is', async () => {
    const [teacher, student] = [normal([2, 6], 1), normal([2, 6], 2)];
    const value = await numberOf(activationBoundaryLoss(teacher, student));
    expect(await numberOf(activationBoundaryLoss(mul(teacher, 100), student))).toBe(value);
  });

  it('is 0 beyond the margin and margin² on the boundary', async () => {
    const teacher = tensor2d([[1, -1]]);
    expect(await numberOf(activationBoundaryLoss(teacher, tensor2d([[1, -1]])))).toBe(0);
    expect(await numberOf(activationBoundaryLoss(teacher, tensor2d([[0, 0]]), { margin: 2 }))).toBe(8);
  });

  it('names shapes that differ and refuses margins of 0', () => {
    const x = normal([2, 3], 1);
    expect(() => activationBoundaryLoss(x, normal([2, 4], 1))).toThrow(/\[2, 3\].*\[2, 4\].*linear 4 → 3/);
    expect(() => activationBoundaryLoss(x, x, { margin: 0 })).toThrow(
      /`margin` to be a number above 0, got 0/,
    );
  });
});

describe('activationBoundary', () => {
  it('counts each layer half as much as the next', async () => {
    const features = { a: normal([2, 3], 1) };
    const others = { a: normal([2, 3], 2) };
    const ctx = { studentOutputs: { features }, teacherOutputs: { features: others }, batch: {} } as never;
    const plain = { adapter: 'identity', batchNorm: false } as const;
    const term = (layers: string[]) => {
      const criterion = activationBoundary({ student: layers, teacher: layers, ...plain });
      const shapes = { a: [null, 3] };
      prepare(criterion, shapes, shapes);
      return numberOf(criterion.compute(ctx));
    };
    expect((await term(['a', 'a', 'a'])) / (await term(['a']))).toBeCloseTo(1.75, 5);
  });

  it('couples samples by batch normalisation alone', () => {
    const layers = { student: 'a', teacher: 'a' };
    expect(activationBoundary(layers).coupled).toBe(true);
    expect(activationBoundary({ ...layers, batchNorm: false }).coupled).toBe(false);
  });
});
