import { dispose, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import {
  attachExits,
  calibrateExits,
  earlyExit,
  evaluateExits,
  type ExitFacts,
  exitFacts,
  exitPoint,
} from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convolutional, stripes } from './networks.js';

/** Two exits and the deepest over four samples; the first is sure of its only mistake a little less than of the rest. */
const FACTS: ExitFacts = {
  samples: 4,
  exits: [
    {
      name: 'exit_a',
      cost: 0.1,
      correct: [true, true, false, false],
      confidences: [0.9, 0.8, 0.7, 0.4],
      losses: [0, 0, 1, 1],
    },
    {
      name: 'exit_b',
      cost: 0.5,
      correct: [true, true, true, false],
      confidences: [0.9, 0.9, 0.9, 0.5],
      losses: [0, 0, 0, 1],
    },
    {
      name: 'logits',
      cost: 1.1,
      correct: [true, true, true, true],
      confidences: [1, 1, 1, 1],
      losses: [0, 0, 0, 0],
    },
  ],
  ensemble: {
    name: 'ensemble',
    cost: 1.1,
    correct: [true, true, true, true],
    confidences: [1, 1, 1, 1],
    losses: [0, 0, 0, 0],
  },
};

describe('exitPoint', () => {
  it('is what the exits say by hand', () => {
    const { accuracy, cost, shares } = exitPoint(FACTS, 0.75);
    expect({ accuracy, shares }).toEqual({ accuracy: 1, shares: [0.5, 0.25, 0.25] });
    expect(cost).toBeCloseTo(0.5 * 0.1 + 0.25 * 0.5 + 0.25 * 1.1, 9);
    expect(exitPoint(FACTS, 0).shares).toEqual([1, 0, 0]);
    expect(exitPoint(FACTS, 1)).toMatchObject({ accuracy: 1, cost: 1, shares: [0, 0, 1] });
  });

  it('lets fewer leave at each exit or before, the higher the threshold', () => {
    const exit = (name: string, cost: number) =>
      fc.record({
        name: fc.constant(name),
        cost: fc.constant(cost),
        correct: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        confidences: fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        losses: fc.constant([0, 0, 0, 0, 0, 0]),
      });
    const facts = fc.tuple(exit('a', 0.2), exit('b', 0.6), exit('deepest', 1.05));
    const threshold = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(facts, threshold, threshold, (exits, one, other) => {
        const all: ExitFacts = { samples: 6, exits, ensemble: exits[2] };
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map((t) => exitPoint(all, t));
        expect(low!.cost).toBeLessThanOrEqual(high!.cost + 1e-9);
        expect(low!.shares[0]).toBeGreaterThanOrEqual(high!.shares[0]!);
        expect(high!.shares.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('calibrateExits', () => {
  it('picks the cheapest threshold that is accurate enough', () => {
    const { curve, chosen } = calibrateExits(FACTS, { accuracy: 0.75 });
    expect(chosen.accuracy).toBeGreaterThanOrEqual(0.75);
    for (const point of curve) {
      if (point.accuracy >= 0.75) expect(chosen.cost).toBeLessThanOrEqual(point.cost);
    }
    expect(chosen).toMatchObject({ threshold: 0.7, accuracy: 0.75 });
    expect(curve.at(-1)).toMatchObject({ threshold: 1, cost: 1 });
    expect(calibrateExits(FACTS).chosen.accuracy).toBe(1); // the whole model's
    expect(calibrateExits(FACTS).chosen.cost).toBeCloseTo(0.45, 9);
  });

  it('says the best there is where no threshold is good enough, and refuses options out of range', () => {
    const [first] = FACTS.exits;
    const poor: ExitFacts = { ...FACTS, exits: [first!, { ...first!, name: 'logits', cost: 1 }] };
    expect(() => calibrateExits(poor, { accuracy: 0.9 })).toThrow(
      /No threshold gives an accuracy of 0\.9\. The best is 0\.5000, at threshold/,
    );
    expect(() => calibrateExits(FACTS, { accuracy: 98 })).toThrow(
      /`accuracy` to be a number from 0 to 1, got 98/,
    );
    expect(() => calibrateExits(FACTS, { steps: 0 })).toThrow(/`steps`/);
  });
});

describe('exitFacts', () => {
  const withExits = () =>
    attachExits(convolutional(), [
      { after: 'conv1', head: 'pool' },
      { after: 'conv2', head: 'bottleneck' },
    ]);

  it('foretells what early exits then do: accuracy, cost and shares', async () => {
    const student = withExits();
    const data = stripes(50);
    const facts = await exitFacts(student, data, { batchSize: 16 });
    const fast = earlyExit(student);
    const { curve } = calibrateExits(facts, { accuracy: 0, steps: 4 });
    for (const [i, point] of curve.entries()) {
      // between two samples' confidences, where the last digit of a smaller batch does not matter
      const threshold = (point.threshold + (curve[i + 1]?.threshold ?? 1)) / 2;
      const { accuracy, cost, shares } = exitPoint(facts, threshold);
      const answer = await fast.predictEarlyExit(data.x, { threshold });
      const rows = await answer.logits.array();
      const labels = await data.y.data();
      const right = rows.filter((row, s) => row.indexOf(Math.max(...row)) === labels[s]).length;
      expect(right / 50).toBeCloseTo(accuracy, 9);
      expect(answer.cost).toBeCloseTo(cost, 6);
      expect([0, 1, 2].map((exit) => [...answer.exits].filter((e) => e === exit).length / 50)).toEqual(
        shares,
      );
      dispose([answer.logits, answer.probabilities] as Tensor[]);
    }
    student.dispose();
  });

  it('leaves unlabelled samples out, and does not depend on the batch size', async () => {
    const student = withExits();
    const { x, y } = stripes(20);
    const labels = [...(await y.data())].map((label, i) => (i % 5 === 0 ? -1 : label));
    const some = { x, y: tensor1d(labels, 'int32') };
    const [whole, parts] = await Promise.all([
      exitFacts(student, some),
      exitFacts(student, some, { batchSize: 7 }),
    ]);
    expect(whole.samples).toBe(16);
    expect(parts.exits.map(({ correct }) => correct)).toEqual(whole.exits.map(({ correct }) => correct));
    student.dispose();
  });

  it('refuses data without labels and models without exits', async () => {
    const student = withExits();
    const { x } = stripes(6);
    await expect(exitFacts(student, { x })).rejects.toThrow(/no labels/);
    const none = tensor1d([-1, -1, -1, -1, -1, -1], 'int32');
    await expect(exitFacts(student, { x, y: none })).rejects.toThrow(/no labelled samples/);
    student.dispose();
    const plain = convolutional();
    await expect(exitFacts(plain, stripes(2))).rejects.toThrow(/has no exits/);
    plain.dispose();
  });
});

describe('evaluateExits', () => {
  it('has a row for every exit, the deepest classifier and the ensemble of all', async () => {
    const student = attachExits(convolutional(), [{ after: 'conv2', head: 'pool' }]);
    const data = stripes(40);
    const rows = await evaluateExits(student, data);
    expect(rows.map(({ name }) => name)).toEqual(['exit_conv2', 'logits', 'ensemble']);
    expect(rows[0]!.cost).toBeLessThan(1);
    expect(rows[2]!.cost).toBe(rows[1]!.cost);
    const [deepest, exit] = student.predict(data.x, { batchSize: 40 }) as Tensor[];
    const labels = await data.y.data();
    const probs = async (logits: Tensor) => {
      const { softmax } = await import('@tensorflow/tfjs-core');
      return (await softmax(logits).array()) as number[][];
    };
    const [p, q] = await Promise.all([probs(exit!), probs(deepest!)]);
    const mean = p.map((row, i) => row.map((value, c) => (value + q[i]![c]!) / 2));
    const accuracy = (scores: number[][]) =>
      scores.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]).length / labels.length;
    const loss = (scores: number[][]) =>
      scores.reduce((sum, row, i) => sum - Math.log(row[labels[i]!]!), 0) / scores.length;
    for (const [i, scores] of [p, q, mean].entries()) {
      expect(rows[i]!.accuracy).toBeCloseTo(accuracy(scores), 6);
      expect(rows[i]!.loss).toBeCloseTo(loss(scores), 4);
    }
    student.dispose();
  });
});
