import { fill, ones, type Tensor } from '@tensorflow/tfjs-core';
import { flowOfSolution, flowOfSolutionLoss, type ReduceOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, prepare } from './featureRig.js';

describeGolden<ReduceOptions>('fsp', ({ teacherBottom, teacherTop, bottom, top, weights }, options) =>
  flowOfSolutionLoss([teacherBottom!, teacherTop!], [bottom!, top!], { ...options, weights }),
);

describe('flowOfSolutionLoss', () => {
  it('is 1 for the example', async () => {
    const [one, two] = [ones([1, 2, 2, 1]), fill([1, 2, 2, 1], 2)];
    expect(await numberOf(flowOfSolutionLoss([one, two], [one, one]))).toBe(1);
  });

  it('names channels that differ, and the adapter that mends it', () => {
    const [teacher, student] = [normal([2, 4, 4, 3], 1), normal([2, 4, 4, 2], 2)];
    expect(() => flowOfSolutionLoss([teacher, teacher], [student, teacher])).toThrow(
      /as many channels, got `teacherFeatures` \[2, 4, 4, 3\] and `studentFeatures` \[2, 4, 4, 2\]\. A 1×1 convolution/,
    );
  });
});

describe('flowOfSolution', () => {
  it('projects channels where they differ and leaves sizes alone', async () => {
    const student = { a: [null, 8, 8, 2], b: [null, 4, 4, 3] };
    const teacher = { a: [null, 4, 4, 5], b: [null, 2, 2, 3] };
    const criterion = prepare(flowOfSolution({ student: ['a', 'b'], teacher: ['a', 'b'] }), student, teacher);
    expect(criterion.variables!.map(({ name, shape }) => [name, shape])).toEqual([
      ['fsp/a-a/kernel', [2, 5]],
      ['fsp/a-a/bias', [5]],
    ]);
    const filled = (shapes: Record<string, (number | null)[]>, seed: number): Record<string, Tensor> =>
      Object.fromEntries(
        Object.entries(shapes).map(([name, shape], i) => [
          name,
          normal(
            shape.map((size) => size ?? 2),
            seed + i,
          ),
        ]),
      );
    const ctx = {
      studentOutputs: { features: filled(student, 1) },
      teacherOutputs: { features: filled(teacher, 5) },
      batch: {},
    } as never;
    expect(await numberOf(criterion.compute(ctx))).toBeGreaterThan(0);
    criterion.dispose!();
  });

  it('wants the two ends of a stage', () => {
    expect(() => flowOfSolution({ student: ['a'], teacher: ['a'] })).toThrow(
      /two layers or more on each side/,
    );
  });
});
