import { randomNormal, tensor2d } from '@tensorflow/tfjs-core';
import { marginsFromBatchNorm, overhaul, overhaulLoss, type OverhaulOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

describeGolden<OverhaulOptions>('ofd', ({ teacher, student, weights }, options) =>
  overhaulLoss(teacher!, student!, { ...options, weights }),
);

describe('overhaulLoss', () => {
  it('is 3.25 for the example', async () => {
    expect(await numberOf(overhaulLoss(tensor2d([[2, -3]]), tensor2d([[1, 0.5]]), { margins: -1 }))).toBe(
      3.25,
    );
  });

  it('lets a student be as silent as it likes where the teacher is silent', async () => {
    const teacher = tensor2d([[-3, -0.5]]);
    expect(await numberOf(overhaulLoss(teacher, tensor2d([[-9, -9]]), { margins: -1 }))).toBe(0);
    expect(await numberOf(overhaulLoss(teacher, tensor2d([[-0.5, 0]]), { margins: -1 }))).toBe(0.5);
  });

  it('takes each channel’s mean negative response for want of margins', async () => {
    const teacher = tensor2d([
      [-1, 2],
      [-3, 1],
      [5, 3],
    ]);
    const student = tensor2d([
      [0, 2],
      [0, 1],
      [5, 3],
    ]);
    expect(await numberOf(overhaulLoss(teacher, student, { reduction: 'sum' }))).toBe(1 + 4); // cut off at −2
  });

  it('names shapes that differ and margins that are none', () => {
    const x = normal([2, 3], 1);
    expect(() => overhaulLoss(x, normal([2, 4], 1))).toThrow(/\[2, 3\].*\[2, 4\].*linear 4 → 3/);
    expect(() => overhaulLoss(x, x, { margins: 0.5 })).toThrow(
      /`margins` to be numbers of 0 or below, got 0.5/,
    );
    expect(() => overhaulLoss(x, x, { margins: [-1] })).toThrow(/3 numbers, one per channel/);
  });
});

describe('marginsFromBatchNorm', () => {
  it('is −√(2/π) for a standard normal', () => {
    expect(marginsFromBatchNorm({ gamma: [1], beta: [0] })[0]).toBeCloseTo(-Math.sqrt(2 / Math.PI), 6);
  });

  it('is the mean of the negative numbers of a sample', async () => {
    for (const [gamma, beta] of [
      [2, 1],
      [0.5, -0.7],
      [-1, 0.4],
    ] as const) {
      const sample = [...(await randomNormal([100_000], beta, Math.abs(gamma), 'float32', 1).data())];
      const negative = sample.filter((value) => value < 0);
      const mean = negative.reduce((sum, value) => sum + value, 0) / negative.length;
      expect(marginsFromBatchNorm({ gamma: [gamma], beta: [beta] })[0]).toBeCloseTo(mean, 1);
    }
  });

  it('is −3 deviations where negative numbers are rare', () => {
    expect(marginsFromBatchNorm({ gamma: [2], beta: [20] })).toEqual([-6]);
    expect(marginsFromBatchNorm({ gamma: [0, 0], beta: [1, -1] })).toEqual([-0, -1]);
  });
});

describe('overhaul', () => {
  it('couples samples unless margins are given and nothing is normalised', () => {
    const layers = { student: 'a', teacher: 'a' };
    expect(overhaul(layers).coupled).toBe(true);
    expect(overhaul({ ...layers, batchNorm: false }).coupled).toBe(true);
    expect(overhaul({ ...layers, batchNorm: false, margins: [-1] }).coupled).toBe(false);
  });

  it('wants one entry of margins per layer', () => {
    expect(() => overhaul({ student: ['a', 'b'], teacher: ['a', 'b'], margins: [-1] })).toThrow(
      /one entry of `margins`/,
    );
    expect(() => overhaul({ student: 'a', teacher: 'a', margins: [1] })).toThrow(/margins/);
  });
});
