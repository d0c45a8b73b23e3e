import { scalar, type Optimizer, train, tidy, variable } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  annealing,
  averageStep,
  cosine,
  decayAt,
  ema,
  type FitOptions,
  isBetter,
  keepBest,
  learningRate,
  type Logs,
  type Plugin,
  prepareCompression,
  progress,
  progressOf,
  reduceOnPlateau,
  setLearningRate,
  stepHistory,
  type StepRow,
  type TrainingProgress,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { allow } from '../../setup/guards.js';
import { CLASSES, FEATURES, mlp, problem, weightsOf } from '../../fixtures/models.js';

/** Trains and hands over what came of it, then disposes all. */
async function fitted(
  plugins: Plugin[],
  options: FitOptions = {},
  {
    student = mlp(4, 2),
    optimizer = train.adam(0.01),
  }: { student?: LayersModel; optimizer?: Optimizer } = {},
): Promise<{ weights: number[][]; rows: readonly Logs[] }> {
  const teacher = mlp(16, 1);
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation(),
    optimizer,
    plugins,
  });
  try {
    const { epochs: rows } = await manager.fit(problem(24), { batchSize: 8, ...options });
    return { weights: await weightsOf(student), rows };
  } finally {
    [manager, teacher, student].forEach((part) => void part.dispose());
  }
}

describe('isBetter', () => {
  it('knows which way a metric goes, and what it is told', () => {
    expect(isBetter(0.91, 0.9, { metric: 'val_accuracy' })).toBe(true);
    expect(isBetter(0.31, 0.3, { metric: 'val_loss' })).toBe(false);
    expect(isBetter(0.31, 0.3, { metric: 'val_loss', mode: 'max' })).toBe(true);
    expect(isBetter(0.905, 0.9, { metric: 'val_accuracy', minDelta: 0.01 })).toBe(false);
    expect([isBetter(NaN, undefined, {}), isBetter(1, undefined, {})]).toEqual([false, true]);
  });
});

describe('keepBest', () => {
  /** Says that the second of three epochs was the best. */
  const judge: Plugin = {
    name: 'judge',
    onEpochEnd: { order: 'pre', handler: ({ epoch, log }) => log('score', epoch === 1 ? 1 : 2) },
  };
  const normed = () =>
    sequential({
      layers: [
        layers.dense({ units: 4, inputShape: [FEATURES], kernelInitializer: 'ones' }),
        layers.batchNormalization(),
        layers.dense({ units: CLASSES, kernelInitializer: 'zeros' }),
      ],
    });

  it('gives back the student of the best epoch, with its batch-norm statistics', async () => {
    const best = await fitted([], { epochs: 2 }, { student: normed() });
    const kept = await fitted([judge, keepBest({ metric: 'score' })], { epochs: 3 }, { student: normed() });
    expect(kept.weights).toEqual(best.weights);
    expect(kept.rows.map((row) => row['best_score'])).toEqual([2, 1, 1]);
    const last = await fitted(
      [judge, keepBest({ metric: 'score', restore: false })],
      { epochs: 3 },
      { student: normed() },
    );
    expect(last.weights).not.toEqual(best.weights);
  });

  it('names the metrics there are', async () => {
    await expect(fitted([keepBest({ metric: 'kdd' })])).rejects.toThrow(
      'Unknown metric "kdd". Did you mean "kd"?',
    );
    await expect(fitted([keepBest({ metric: 'val_loss' })])).rejects.toThrow('Give `fit` a `validation`.');
  });
});

describe('ema', () => {
  it('averages', async () => {
    const [average] = averageStep([scalar(1)], [scalar(2)], 0.9);
    expect((await average!.data())[0]).toBeCloseTo(1.1, 6);
    expect([decayAt(0.999, 0), decayAt(0.999, 1e6)]).toEqual([0.1, 0.999]);
  });

  it('leaves the averages in the student, and evaluates by them', async () => {
    const seen: number[][][] = [];
    const student = mlp(4, 2);
    const spy: Plugin = {
      name: 'spy',
      onAfterOptimizerStep: () => void 0,
      onStepEnd: async () => void seen.push(await weightsOf(student)),
    };
    const decay = 0.5;
    const { weights } = await fitted([spy, ema({ decay, warmUp: false })], {}, { student });
    const expected = seen.reduce((average, now) =>
      average.map((row, i) => row.map((value, k) => decay * value + (1 - decay) * now[i]![k]!)),
    );
    weights.flat().forEach((value, i) => expect(value).toBeCloseTo(expected.flat()[i]!, 6));
    const losses: number[] = [];
    const evaluated: Plugin = {
      name: 'evaluated',
      onAfterEval: ({ metrics }) => void losses.push(metrics['loss']!),
    };
    await fitted([evaluated, ema({ decay: 0.99, warmUp: false })], { validation: problem(24) });
    await fitted([evaluated], { validation: problem(24) });
    expect(losses[0]).not.toBe(losses[1]);
  });

  it('does not change the training itself', async () => {
    const trained: number[][][] = [];
    for (const plugins of [[ema()], []]) {
      const student = mlp(4, 2);
      const spy: Plugin = {
        name: 'spy',
        onEpochEnd: async () => void trained.push(await weightsOf(student)),
      };
      await fitted([spy, ...plugins], { epochs: 2, validation: problem(8) }, { student });
    }
    const [averaged, plain] = [trained.slice(0, 2).flat(2), trained.slice(2).flat(2)];
    averaged.forEach((weight, i) => expect(weight).toBeCloseTo(plain[i]!, 5)); // compiled or eager
  });

  it('gives what was evaluated to keep-best', async () => {
    const student = mlp(4, 2);
    let best: number[][] = [];
    const spy: Plugin = {
      name: 'spy',
      onAfterEval: async () => {
        if (best.length === 0) best = await weightsOf(student);
      },
      onEpochEnd: { order: 'pre', handler: ({ epoch, log }) => log('score', epoch) }, // lower is better
    };
    const plugins = [spy, ema({ decay: 0.9 }), keepBest({ metric: 'score' })];
    const { weights } = await fitted(plugins, { epochs: 2, validation: problem(8) }, { student });
    expect(weights).toEqual(best);
  });
});

describe('learning rates', () => {
  const OPTIMIZERS: [string, () => Optimizer][] = [
    ['sgd', () => train.sgd(0.1)],
    ['momentum', () => train.momentum(0.1, 0.9)],
    ['rmsprop', () => train.rmsprop(0.1)],
    ['adagrad', () => train.adagrad(0.1)],
    ['adadelta', () => train.adadelta(0.1)],
    ['adam', () => train.adam(0.1)],
    ['adamax', () => train.adamax(0.1)],
  ];

  it.each(OPTIMIZERS)('are set on %s: half the rate is half the step', async (name, make) => {
    if (name === 'momentum') allow('tensors'); // tfjs forgets one scalar when it disposes this optimizer
    const moved = async (rate: number) => {
      const optimizer = make();
      setLearningRate(optimizer, rate);
      const weight = variable(scalar(1));
      tidy(() => optimizer.applyGradients({ [weight.name]: scalar(0.5) }));
      const [value = NaN] = await weight.data();
      weight.dispose();
      optimizer.dispose();
      return 1 - value;
    };
    expect((await moved(0.04)) / (await moved(0.02))).toBeCloseTo(2, 3);
  });

  it('follow a schedule step by step', async () => {
    const rows: StepRow[] = [];
    const rate = cosine({ from: 1, to: 0, warmUp: 0.5 });
    await fitted(
      [learningRate({ rate }), stepHistory(rows, { every: 1 })],
      { epochs: 2 },
      { optimizer: train.sgd(5) },
    );
    expect(rows.map((row) => row['learningRate']!.toFixed(3))).toEqual(
      [0, 1 / 3, 2 / 3, 1, 0.75, 0.25].map((value) => value.toFixed(3)),
    );
  });

  it('move with every step of a stream that says how long it is', async () => {
    const rows: StepRow[] = [];
    const teacher = mlp(16, 1);
    const student = mlp(4, 2);
    const manager = prepareCompression(student, {
      teacher,
      criterion: knowledgeDistillation(),
      plugins: [
        { type: 'learning-rate', rate: { type: 'linear', from: 1, to: 0 } },
        stepHistory(rows, { every: 1 }),
      ],
    });
    const batches = () => [problem(4), problem(4)];
    await manager.fit(batches, { epochs: 1, stepsPerEpoch: 2 });
    expect(rows.map((row) => row['learningRate'])).toEqual([1, 0.5]);
    [manager, teacher, student].forEach((part) => void part.dispose());
  });

  it('come down on a plateau, no lower than the least', async () => {
    const rates: number[] = [];
    const optimizer = train.adam(1);
    const flat: Plugin = {
      name: 'flat',
      onEpochEnd: { order: 'pre', handler: ({ log }) => log('flat', 3) },
      onEpochBegin: () => void rates.push((optimizer as unknown as { learningRate: number }).learningRate),
    };
    const plateau = reduceOnPlateau({ metric: 'flat', factor: 0.5, patience: 2, min: 0.3 });
    await fitted([flat, plateau], { epochs: 8 }, { optimizer });
    expect(rates).toEqual([1, 1, 1, 0.5, 0.5, 0.3, 0.3, 0.3]);
  });
});

describe('annealing', () => {
  it('is 1 + 4 · (1 − epoch / epochs) by name', () => {
    const at = (epoch: number) =>
      annealing()({ epoch, epochs: 4, step: 0, globalStep: 0, fraction: epoch / 4 });
    expect([0, 1, 2, 3].map(at)).toEqual([5, 4, 3, 2]);
    expect(knowledgeDistillation({ temperature: { type: 'annealing' } })).toBeDefined();
  });
});

describe('progress', () => {
  it('tells rate and time left', () => {
    expect(progressOf({ step: 20, epoch: 1, epochs: 2, stepsPerEpoch: 20, done: 10, seconds: 5 })).toEqual({
      step: 20,
      steps: 40,
      epoch: 1,
      epochs: 2,
      rate: 2,
      secondsLeft: 10,
    });
    expect(
      progressOf({ step: 1, epoch: 1, epochs: 2, stepsPerEpoch: undefined, done: 1, seconds: 0 }),
    ).toMatchObject({ steps: undefined, secondsLeft: undefined });
  });

  it('tells a listener, from the first step to the last', async () => {
    const told: TrainingProgress[] = [];
    let ended = 0;
    await fitted(
      [progress({ update: (now) => void told.push(now), end: () => void ended++ }, { every: 0 })],
      { epochs: 2 },
    );
    expect(told.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told.at(-1)).toMatchObject({ steps: 6, epoch: 2, secondsLeft: 0 });
    expect(ended).toBeGreaterThan(0);
  });
});
