import { layers, sequential } from '@tensorflow/tfjs-layers';
import {
  memory,
  mul,
  oneHot,
  softmax,
  tensor1d,
  tensor2d,
  type Tensor2D,
  tensor3d,
  variable,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type Inputs } from '../../../packages/core/src/Batch.js';
import { evaluateModel } from '../../../packages/node/src/evaluation/evaluateModel.js';
import { mlp, problem } from '../../fixtures/models.js';

/** A model whose logits are its inputs: every number can be worked out by hand. */
const identity = (x: Inputs) => x as Tensor2D;
const student = { forward: identity, variables: [], name: 'identity' };

const x = () =>
  tensor2d([
    [2, 0, 0],
    [0, 2, 0],
    [0, 1, 0],
    [3, 0, 1],
  ]);
const e = Math.exp;

describe('evaluateModel', () => {
  it('gives the numbers worked out by hand', async () => {
    const y = tensor1d([0, 1, 2, 0], 'int32');
    const found = await evaluateModel(student, { x: x(), y }, { latency: false, batchSize: 3 });
    expect(found.samples).toBe(4);
    expect(found.accuracy).toBe(0.75);
    const p = [e(2) / (e(2) + 2), e(2) / (e(2) + 2), 1 / (e(1) + 2), e(3) / (e(3) + 1 + e(1))];
    expect(found.loss).toBeCloseTo(-p.reduce((sum, value) => sum + Math.log(value), 0) / 4, 6);
    // bins of 1/15: 0.787 twice (right), 0.576 (wrong), 0.844 (right)
    const gaps = [2 * (1 - e(2) / (e(2) + 2)), e(1) / (e(1) + 2), 1 - (p[3] ?? NaN)];
    expect(found.ece).toBeCloseTo(gaps.reduce((sum, gap) => sum + gap, 0) / 4, 6);
    expect(found.confusion).toEqual([
      [2, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
    ]);
    expect(
      found.classes.map(({ name, samples, precision, recall }) => [name, samples, precision, recall]),
    ).toEqual([
      ['0', 2, 1, 1],
      ['1', 1, 0.5, 1],
      ['2', 1, NaN, 0],
    ]);
    expect(found.latency).toEqual([]);
    expect(found).not.toHaveProperty('top5');
    expect(found).not.toHaveProperty('agreement');
  });

  it('compares with a teacher', async () => {
    const y = tensor1d([0, 1, 2, 0], 'int32');
    const teacher = () => tensor2d([0, 1, 2, 3].map(() => [0, 0.5, 0]));
    const found = await evaluateModel(student, { x: x(), y }, { teacher, latency: false });
    expect(found.agreement).toBe(0.5);
    const q = [1, e(0.5), 1].map((value) => value / (2 + e(0.5)));
    const rows = [
      [2, 0, 0],
      [0, 2, 0],
      [0, 1, 0],
      [3, 0, 1],
    ];
    const kl = rows.map((row) => {
      const total = row.reduce((sum, z) => sum + e(z), 0);
      return q.reduce(
        (sum, value, c) => sum + value * (Math.log(value) - (row[c] ?? 0) + Math.log(total)),
        0,
      );
    });
    expect(found.klToTeacher).toBeCloseTo(kl.reduce((sum, value) => sum + value, 0) / 4, 5);
  });

  it('is one pass over the data, of any batch size the same numbers', async () => {
    const model = mlp(5, 1);
    const data = problem(37);
    const teacher = mlp(6, 2);
    const [all, few] = [256, 8].map((batchSize) =>
      evaluateModel(model, data, { teacher, batchSize, latency: false }),
    );
    const [a, b] = [await all!, await few!];
    expect(b.confusion).toEqual(a.confusion);
    for (const key of ['loss', 'ece', 'klToTeacher', 'agreement'] as const)
      expect(b[key]).toBeCloseTo(a[key]!, 5);
    let passes = 0;
    await evaluateModel(
      model,
      function* () {
        passes++;
        yield { x: data.x.clone(), y: data.y.clone() };
      },
      { latency: false },
    );
    expect(passes).toBe(1);
    model.dispose();
    teacher.dispose();
  });

  it('counts parameters, operations, bytes and latency of a layers model, and leaks nothing', async () => {
    const model = mlp(5, 1);
    const data = problem(8);
    await evaluateModel(model, data);
    const before = memory().numTensors;
    const found = await evaluateModel(model, data, { latency: { runs: 7, warmUp: 1 } });
    expect(memory().numTensors).toBe(before);
    expect(found).toMatchObject({ parameters: 43, bytes: 172, flops: 2 * (4 * 5 + 5 * 3) });
    expect(found.latency.map(({ batch }) => batch)).toEqual([1, 32]);
    for (const { p50, p95 } of found.latency) {
      expect(p50).toBeGreaterThan(0);
      expect(p95).toBeGreaterThanOrEqual(p50);
    }
    model.dispose();
  });

  it('knows a model that ends in a softmax, and takes the word of another', async () => {
    const logits = layers.dense({ units: 3, inputShape: [4], kernelInitializer: 'glorotUniform' });
    const model = sequential({ layers: [logits] });
    const softened = sequential({ layers: [logits, layers.softmax()] });
    const data = problem(16);
    const options = { latency: false } as const;
    const [plain, soft, said] = [
      await evaluateModel(model, data, options),
      await evaluateModel(softened, data, options),
      await evaluateModel(student, { x: softmax(x()), y: tensor1d([0, 1, 2, 0], 'int32') }, options),
    ];
    expect(soft.loss).toBeCloseTo(plain.loss, 5);
    expect(said.accuracy).toBe(0.75);
    model.dispose();
  });

  it('takes one-hot labels and labels of sequences, and leaves out what has no label or no weight', async () => {
    const options = { latency: false } as const;
    const hot = await evaluateModel(
      student,
      { x: x(), y: oneHot(tensor1d([0, 1, 2, 0], 'int32'), 3) },
      options,
    );
    expect([hot.samples, hot.accuracy]).toEqual([4, 0.75]);
    const places = tensor3d([
      [
        [2, 0],
        [0, 1],
      ],
      [
        [0, 1],
        [1, 0],
      ],
    ]);
    const y = tensor2d(
      [
        [0, -1],
        [0, 0],
      ],
      [2, 2],
      'int32',
    );
    const some = await evaluateModel(student, { x: places, y }, options);
    expect([some.samples, some.accuracy]).toEqual([3, 2 / 3]);
    const weights = tensor2d([
      [1, 1],
      [0, 1],
    ]);
    const counted = await evaluateModel(student, [{ x: places, y, weights }], options);
    expect([counted.samples, counted.accuracy]).toEqual([2, 1]);
  });

  it('counts a label among the five highest logits', async () => {
    const logits = tensor2d([
      [6, 5, 4, 3, 2, 1, 0],
      [6, 5, 4, 3, 2, 1, 0],
    ]);
    const found = await evaluateModel(
      student,
      { x: logits, y: tensor1d([4, 5], 'int32') },
      { latency: false },
    );
    expect([found.accuracy, found.top5]).toEqual([0, 0.5]);
  });

  it('does not take the time of a teacher that is not a model', async () => {
    const source = { name: 'stored', signature: {}, outputs: () => ({ logits: x(), features: {} }) };
    const found = await evaluateModel(source, { x: x(), y: tensor1d([0, 1, 2, 0], 'int32') });
    expect(found.latency).toEqual([]);
    expect(found).not.toHaveProperty('parameters');
  });

  it('counts the variables of a student that is a function', async () => {
    const scale = variable(tensor1d([1, 1, 1]));
    const scaled = {
      forward: (input: Inputs) => mul<Tensor2D>(input as Tensor2D, scale),
      variables: [scale],
    };
    const found = await evaluateModel(
      scaled,
      { x: x(), y: tensor1d([0, 1, 2, 0], 'int32') },
      { latency: false },
    );
    expect(found).toMatchObject({ parameters: 3, bytes: 12 });
    scale.dispose();
  });

  it.each([
    ['labels', { x: [[1, 2]], y: [-1] }, {}, 'The data set has no labelled samples.'],
    [
      'one logit',
      { x: [[1]], y: [0] },
      {},
      'Expected logits of two classes or more from "identity", got [1, 1].',
    ],
    ['NaN', { x: [[NaN, 1]], y: [0] }, {}, 'Model "identity" gave NaN or infinite logits for 1 samples.'],
    [
      'a name too few',
      { x: [[1, 2]], y: [0] },
      { classNames: ['a'] },
      'Expected `classNames` to be 2 names, one a class, got ["a"].',
    ],
  ])('refuses data or options with %s', async (_, data, options, message) => {
    const tensors = { x: tensor2d(data.x), y: tensor1d(data.y, 'int32') };
    await expect(evaluateModel(student, tensors, { latency: false, ...options })).rejects.toThrow(message);
  });

  it('names both shapes where labels do not fit', async () => {
    const y = tensor2d([
      [0, 1],
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    await expect(evaluateModel(student, { x: x(), y })).rejects.toThrow(
      /labels and logits that fit.*\[4, 2\].*\[4, 3\]/,
    );
  });
});
