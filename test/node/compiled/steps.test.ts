import { type Scalar, keep, mul, type NamedTensorMap, sub, type Tensor, tidy, train, variable } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { type Plugin, type Schedule, setLearningRate } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { agreed, batchAt, NATIVE, networkOf, trained } from './rig.js';

describe.runIf(NATIVE)('a compiled step', () => {
  it('gives the losses and weights of an eager one, the teacher live in the same graph', async () => {
    const report = await agreed(() => ({}));
    expect(report).toEqual({ eager: 2, replayed: 1, compiled: 47, reasons: [] });
  });

  it.each([
    ['sgd', () => train.sgd(0.05)],
    ['momentum', () => train.momentum(0.05, 0.9)],
    ['adagrad', () => train.adagrad(0.05)],
    ['adadelta', () => train.adadelta(0.05)],
    ['adam', () => train.adam(0.01)],
    ['adamax', () => train.adamax(0.01)],
    ['rmsprop', () => train.rmsprop(0.001)],
  ])('does so with %s', async (_, optimizer) => {
    expect((await agreed(() => ({ optimizer, steps: 20 }))).compiled).toBeGreaterThan(14);
  });

  it('updates batch norm\'s statistics', async () => {
    const student = () => networkOf(1, [layers.batchNormalization({ momentum: 0.9 }) as never]);
    expect((await agreed(() => ({ student }))).compiled).toBe(47);
  });
});
