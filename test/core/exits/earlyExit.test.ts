import { memory, randomNormal, softmax, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  layers,
  type LayersModel,
  model as functionalModel,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { attachExits, earlyExit, exitCosts } from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { convolutional, residual, SIZE } from './networks.js';

const withExits = () =>
  attachExits(convolutional(), [
    { after: 'conv1', head: 'pool' },
    { after: 'conv2', head: 'bottleneck' },
    { after: 'conv3', head: 'pool' },
  ]);

const images = (count: number, seed = 3): Tensor =>
  randomNormal([count, SIZE, SIZE, 1], 0, 3, 'float32', seed);

/** What each output says of each sample, deepest last. */
async function answersOf(model: LayersModel, x: Tensor): Promise<{ logits: number[]; sure: number }[][]> {
  const outputs = tidy(() => model.apply(x, { training: false }) as Tensor[]);
  const [deepest, ...exits] = outputs.slice(0, 4);
  return Promise.all(
    [...exits, deepest!].map(async (output) => {
      const logits = (await output.array()) as number[][];
      const probs = (await softmax(output).array()) as number[][];
      return logits.map((row, i) => ({ logits: row, sure: Math.max(...probs[i]!) }));
    }),
  );
}

describe('earlyExit', () => {
  it('gives the whole model exactly at threshold 1 and above, and runs no exit', async () => {
    const student = withExits();
    const x = images(9);
    const [deepest] = tidy(() => student.apply(x, { training: false }) as Tensor[]);
    for (const threshold of [1, 1.5, Infinity]) {
      const { logits, probabilities, exits, cost } = await earlyExit(student).predictEarlyExit(x, {
        threshold,
      });
      expect(await logits.data()).toEqual(await deepest!.data());
      expect(await probabilities.data()).toEqual(await softmax(deepest!).data());
      expect([...exits]).toEqual(Array(9).fill(3));
      expect(cost).toBe(1);
    }
    student.dispose();
  });

  it('lets all samples leave at the first exit at threshold 0', async () => {
    const student = withExits();
    const x = images(4);
    const [, first] = tidy(() => student.apply(x, { training: false }) as Tensor[]);
    const { logits, exits, cost } = await earlyExit(student).predictEarlyExit(x, { threshold: 0 });
    expect(await logits.data()).toEqual(await first!.data());
    expect([...exits]).toEqual([0, 0, 0, 0]);
    expect(cost).toBeCloseTo(exitCosts(student)[0]!, 6);
    student.dispose();
  });

  it('gives each sample the answer of its first confident exit, in the order of the batch', async () => {
    const student = withExits();
    const fast = earlyExit(student);
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.34, max: 0.99, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        async (threshold, count) => {
          const x = images(count, count);
          const answers = await answersOf(student, x);
          const { logits, exits, cost } = await fast.predictEarlyExit(x, { threshold });
          const rows = await logits.array();
          const clear = answers
            .slice(0, -1)
            .every((exit) => exit.every(({ sure }) => Math.abs(sure - threshold) > 1e-4));
          fc.pre(clear); // a smaller batch may round its last digit otherwise
          for (let i = 0; i < count; i++) {
            const first = answers.findIndex((exit, e) => e === 3 || exit[i]!.sure >= threshold);
            expect(exits[i]).toBe(first);
            for (const [c, value] of rows[i]!.entries())
              expect(value).toBeCloseTo(answers[first]![i]!.logits[c]!, 3);
          }
          const spent = [...exits].map((exit) => fast.costs[exit]!);
          expect(cost).toBeCloseTo(spent.reduce((a, b) => a + b, 0) / count, 6);
          logits.dispose();
          x.dispose();
        },
      ),
      { numRuns: 20 },
    );
    student.dispose();
  });

  it('carries what later blocks need past an exit, as in residual networks', async () => {
    const student = attachExits(residual(), [{ after: 'sum', head: 'pool' }]);
    const x = images(6);
    const [deepest, exit] = tidy(() => student.apply(x, { training: false }) as Tensor[]);
    const probs = (await softmax(exit!).array()) as number[][];
    const sure = probs.map((row) => Math.max(...row));
    const threshold = [...sure].sort((a, b) => a - b)[3]!;
    const { logits, exits } = await earlyExit(student).predictEarlyExit(x, { threshold });
    expect([...exits]).toEqual(sure.map((value) => (value >= threshold ? 0 : 1)));
    const [got, early, late] = (await Promise.all(
      [logits, exit!, deepest!].map((t) => t.array()),
    )) as number[][][];
    got!.forEach((row, i) =>
      row.forEach((value, c) => expect(value).toBeCloseTo((exits[i] ? late : early)![i]![c]!, 4)),
    );
    student.dispose();
  });

  it('keeps no tensor but the two of the answer, also where a layer throws', async () => {
    const student = withExits();
    const fast = earlyExit(student);
    const x = images(5);
    const before = memory().numTensors;
    const { logits, probabilities } = await fast.predictEarlyExit(x, { threshold: 0.6 });
    expect(memory().numTensors).toBe(before + 2);
    logits.dispose();
    probabilities.dispose();
    const layer = student.getLayer('conv3');
    layer.apply = () => {
      throw new Error('broken');
    };
    await expect(fast.predictEarlyExit(x, { threshold: 0.999 })).rejects.toThrow('broken');
    expect(memory().numTensors).toBe(before);
    student.dispose();
  });

  it('runs a layer once for a sample, and not for one that has left', async () => {
    const student = withExits();
    const apply = vi.spyOn(student.getLayer('conv2_conv'), 'apply');
    const x = images(8);
    const [first] = await answersOf(student, x);
    const sure = first!.map((answer) => answer.sure).sort((a, b) => a - b);
    apply.mockClear();
    const { exits } = await earlyExit(student).predictEarlyExit(x, { threshold: (sure[3]! + sure[4]!) / 2 });
    const stayed = [...exits].filter((exit) => exit > 0).length;
    expect(stayed).toBe(4);
    const sizes = apply.mock.calls.map(([inputs]) => [inputs as Tensor].flat()[0]!.shape[0]);
    expect(sizes).toEqual([stayed]);
    student.dispose();
  });

  it('takes several inputs, by position or by name', async () => {
    const [a, b] = ['a', 'b'].map((name) => layers.input({ name, shape: [3] }));
    const sum = layers.add({ name: 'sum' }).apply([a!, b!]) as SymbolicTensor;
    const hidden = layers.dense({ name: 'hidden', units: 4 }).apply([sum]) as SymbolicTensor;
    const logits = layers.dense({ name: 'logits', units: 2 }).apply(hidden) as SymbolicTensor;
    const student = attachExits(functionalModel({ inputs: [a!, b!], outputs: logits }), [
      { after: 'sum', head: 'pool' },
    ]);
    const [x, y] = [randomNormal([4, 3]), randomNormal([4, 3])];
    const fast = earlyExit(student);
    const byPlace = await fast.predictEarlyExit([x, y], { threshold: 0.7 });
    const byName = await fast.predictEarlyExit({ b: y, a: x }, { threshold: 0.7 });
    expect(await byName.logits.data()).toEqual(await byPlace.logits.data());
    await expect(fast.predictEarlyExit({ a: x, c: y }, { threshold: 1 })).rejects.toThrow(
      /Unknown input "b"/,
    );
    student.dispose();
  });

  it('refuses thresholds that are none, inputs that do not fit, models without exits, masks and odd costs', async () => {
    const student = withExits();
    const fast = earlyExit(student);
    const wrong = fast.predictEarlyExit(images(1), { threshold: -0.1 });
    await expect(wrong).rejects.toThrow(
      /^earlyExit: Expected `threshold` to be a number of at least 0, got -0.1/,
    );
    await expect(fast.predictEarlyExit(randomNormal([2, 5]), { threshold: 1 })).rejects.toThrow(
      /to have its shape/,
    );
    expect(() => earlyExit(student, { costs: [0.5, 1] })).toThrow(/`costs` to be 4 numbers/);
    student.dispose();
    const plain = convolutional();
    expect(() => earlyExit(plain)).toThrow(/Model "convolutional" has no exits\. Attach some/);
    plain.dispose();
    const masked = sequential({
      layers: [
        layers.embedding({ name: 'words', inputDim: 5, outputDim: 4, inputLength: 3, maskZero: true }),
        layers.lstm({ name: 'state', units: 4, recurrentInitializer: 'glorotUniform' }),
        layers.dense({ units: 2, name: 'hidden' }),
        layers.dense({ units: 2, name: 'logits' }),
      ],
    });
    const exits = attachExits(masked, [{ after: 'hidden', head: 'pool' }]);
    expect(() => earlyExit(exits)).toThrow(/"words" masks time steps/);
    exits.dispose();
  });
});

describe('exitCosts', () => {
  it('counts everything that has run by an exit, as a share of the model without exits', () => {
    const student = attachExits(convolutional(), [{ after: 'conv1', head: 'pool' }]);
    const positions = { conv1: 64, conv2: 16, conv3: 4 };
    const body =
      9 * 1 * 4 * positions.conv1 + 9 * 4 * 8 * positions.conv2 + 9 * 8 * 16 * positions.conv3 + 64 * 3;
    const [first, deepest] = exitCosts(student);
    expect(first).toBeCloseTo((9 * 4 * 64 + 4 * 3) / body, 9);
    expect(deepest).toBeCloseTo((body + 4 * 3) / body, 9);
    student.dispose();
  });
});
