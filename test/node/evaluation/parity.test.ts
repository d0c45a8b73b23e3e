import { readFileSync } from 'node:fs';
import { tensor1d, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { evaluateModel } from '../../../packages/node/src/evaluation/evaluateModel.js';

interface GoldenCase {
  readonly name: string;
  readonly logits: number[][];
  readonly teacher: number[][];
  readonly truth: number[];
  readonly accuracy: number;
  readonly top5: number | null;
  readonly loss: number;
  readonly ece: number;
  readonly agreement: number;
  readonly klToTeacher: number;
  readonly confusion: number[][];
  readonly classes: Record<'samples' | 'precision' | 'recall' | 'f1', number | null>[];
}

const FIXTURE = new URL('../../parity/fixtures/metrics/classification.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as { cases: GoldenCase[] };

describe('the metrics', () => {
  it.each(cases)("are scikit-learn's: $name", async (golden) => {
    const student = { forward: (x: unknown) => x as Tensor2D, variables: [] };
    const data = { x: tensor2d(golden.logits), y: tensor1d(golden.truth, 'int32') };
    // the whole data set is one batch, so the teacher's answers are all of them
    const options = { teacher: () => tensor2d(golden.teacher), batchSize: 1000, latency: false } as const;
    const found = await evaluateModel(student, data, options);
    expect(found.confusion).toEqual(golden.confusion);
    expect(found.accuracy).toBeCloseTo(golden.accuracy, 12);
    expect(found.top5 ?? null).toEqual(golden.top5);
    expect(found.agreement).toBeCloseTo(golden.agreement, 12);
    for (const key of ['loss', 'ece', 'klToTeacher'] as const) {
      expect(Math.abs((found[key] ?? NaN) - golden[key])).toBeLessThan(1e-5 * Math.max(1, golden[key]));
    }
    for (const [c, row] of golden.classes.entries()) {
      const { samples, precision, recall, f1 } = found.classes[c]!;
      expect(samples).toBe(row.samples);
      expect([precision, recall, f1]).toEqual(
        [row.precision, row.recall, row.f1].map((value) =>
          value === null ? NaN : (expect.closeTo(value, 12) as number),
        ),
      );
    }
  });
});
