import { type Tensor, train } from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  checkpointNames,
  checkpoints,
  type CompressionManager,
  cosine,
  ema,
  type FitOptions,
  gradientAccumulation,
  type History,
  initializeWeights,
  keepBest,
  learningRate,
  linear,
  memoryCheckpoints,
  type Plugin,
  prepareCompression,
  reduceOnPlateau,
  stepHistory,
  type StepRow,
  termDiagnostics,
} from '@tfjs-distill/core';
import { hint, knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { allow } from '../../setup/guards.js';
import { CLASSES, FEATURES, mlp, problem, weightsOf } from '../../fixtures/models.js';

/** With everything whose state is easily forgotten: batch-norm statistics, dropout, an adapter beside it. */
function student(): LayersModel {
  const kernelInitializer = initializers.glorotUniform({ seed: 9 });
  return sequential({
    layers: [
      layers.dense({
        name: 'hidden',
        units: 8,
        inputShape: [FEATURES],
        activation: 'relu',
        kernelInitializer,
      }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.4 }),
      layers.gaussianNoise({ stddev: 0.1 }),
      layers.dense({ name: 'logits', units: CLASSES, kernelInitializer }),
    ],
  });
}

interface Outcome {
  readonly weights: number[][];
  readonly adapters: number[][];
  readonly history: History;
  readonly rows: StepRow[];
}

const plugins = (rows: StepRow[]): Plugin[] => [
  stepHistory(rows, { every: 1 }),
  learningRate({ rate: cosine({ from: 1e-2, to: 1e-4, warmUp: 0.2 }) }),
  ema({ decay: 0.9 }),
  keepBest({ metric: 'loss', restore: false }),
  gradientAccumulation({ steps: 2 }),
  termDiagnostics({ every: 3 }),
  reduceOnPlateau({ metric: 'loss', patience: 1 }),
];

const STEPS = 5; // an epoch of 20 samples by 4

async function run(fit: FitOptions, optimizer = train.adam(1e-2)): Promise<Outcome> {
  const [teacher, model] = [mlp(16, 1), student()];
  const { x, y } = problem(20);
  const rows: StepRow[] = [];
  const manager = prepareCompression(model, {
    teacher,
    criterion: [
      knowledgeDistillation({ temperature: linear({ from: 4, to: 1 }) }),
      hint({ student: 'hidden', teacher: 'hidden' }),
    ],
    optimizer,
    plugins: plugins(rows),
    stepRunner: 'eager', // compiled steps round in another way, and a resumed training begins with eager ones
  });
  try {
    const history = await manager.fit(
      { x, y },
      { epochs: 4, batchSize: 4, seed: 3, validation: { x, y }, ...fit },
    );
    return { history, rows, weights: await weightsOf(model), adapters: await adaptersOf(manager) };
  } finally {
    manager.dispose();
    teacher.dispose();
    model.dispose();
    x.dispose();
    y.dispose();
  }
}

async function adaptersOf(manager: CompressionManager): Promise<number[][]> {
  const variables = manager.criteria.flatMap((criterion) => criterion.variables ?? []);
  return Promise.all(variables.map(async (variable) => [...(await (variable as Tensor).data())]));
}

/** Throws in the middle of a training, as a kill would. */
const killer = (step: number): Plugin => ({
  name: 'killer',
  onStepBegin: ({ globalStep }) => {
    if (globalStep === step) throw new Error('killed');
  },
});

async function interrupted(
  step: number,
  options: Parameters<typeof checkpoints>[0] & object,
): Promise<Outcome> {
  const begun = run({ plugins: [killer(step), checkpoints(options)] });
  await expect(begun).rejects.toThrow('killed');
  return run({ resume: options.dir, plugins: [checkpoints(options)] });
}

function expectSame(outcome: Outcome, whole: Outcome): void {
  expect(outcome.weights).toEqual(whole.weights);
  expect(outcome.adapters).toEqual(whole.adapters);
  expect(outcome.history.epochs).toEqual(whole.history.epochs);
  expect(outcome.history.steps).toBe(whole.history.steps);
  expect(outcome.rows).toEqual(whole.rows);
}

describe('a resumed training', () => {
  it.each([
    ['at the end of an epoch', 2 * STEPS],
    ['within an epoch, right after an update', 2 * STEPS + 2],
    ['within an epoch, in the middle of an accumulation', 2 * STEPS + 3],
    ['before the second step', 1],
  ])('equals the whole one bit for bit when it is killed %s', async (_, step) => {
    const whole = await run({});
    const dir = memoryCheckpoints();
    expectSame(await interrupted(step, { dir }), whole);
    expect(whole.rows).toHaveLength(4 * STEPS);
  });

  it.each([
    ['sgd', () => train.sgd(0.05)],
    ['momentum', () => train.momentum(0.05, 0.9)],
    ['rmsprop', () => train.rmsprop(0.01, 0.9, 0.5, 1e-7)],
    ['adagrad', () => train.adagrad(0.05)],
    ['adadelta', () => train.adadelta(0.5)],
    ['adamax', () => train.adamax(0.01)],
  ])('equals the whole one with %s', async (name, optimizer) => {
    if (name === 'momentum') allow('tensors'); // tfjs forgets one scalar when it disposes this optimizer
    const whole = await run({}, optimizer() as never);
    const dir = memoryCheckpoints();
    await expect(run({ plugins: [killer(7), checkpoints({ dir })] }, optimizer() as never)).rejects.toThrow(
      'killed',
    );
    expectSame(await run({ resume: dir, plugins: [checkpoints({ dir })] }, optimizer() as never), whole);
  });

  it('goes on from a stop within an epoch as if it had not been stopped', async () => {
    const whole = await run({});
    const dir = memoryCheckpoints();
    const stopper: Plugin = {
      name: 'stopper',
      onStepEnd: ({ globalStep, stop }) => void (globalStep === 6 && stop('enough')),
    };
    const { history } = await run({ plugins: [stopper, checkpoints({ dir })] });
    expect([history.stopReason, history.steps]).toEqual(['enough', 7]);
    const resumed = await run({ resume: dir, plugins: [checkpoints({ dir })] });
    expectSame(resumed, whole);
    expect(resumed.history.resumed).toEqual({ from: 'step-000000007.safetensors', damaged: [] });
  });

  it('can be resumed again and again, and stays as it is when it is over', async () => {
    const whole = await run({});
    const dir = memoryCheckpoints();
    await expect(run({ plugins: [killer(3), checkpoints({ dir })] })).rejects.toThrow();
    for (const step of [4, 9, 16]) {
      await expect(run({ resume: dir, plugins: [killer(step), checkpoints({ dir })] })).rejects.toThrow(
        'killed',
      );
    }
    expectSame(await run({ resume: dir, plugins: [checkpoints({ dir })] }), whole);
    expect((await run({ resume: dir, plugins: [checkpoints({ dir })] })).history.epochs).toEqual(
      whole.history.epochs,
    );
  });

  it('may be made longer', async () => {
    const dir = memoryCheckpoints();
    await run({ epochs: 2, plugins: [checkpoints({ dir })] });
    const { history } = await run({ epochs: 3, resume: dir, plugins: [checkpoints({ dir })] });
    expect(history.epochs).toHaveLength(3);
  });

  it('is refused where the configuration is another, and leaves the checkpoints alone', async () => {
    const dir = memoryCheckpoints();
    await run({ epochs: 1, plugins: [checkpoints({ dir })] });
    const before = await dir.read((await checkpointNames(dir))[0]!);
    const resume = (options: FitOptions) => run({ resume: dir, plugins: [checkpoints({ dir })], ...options });
    await expect(resume({ batchSize: 5 })).rejects.toThrow(
      'resume: Expected `data.batchSize` to be 4 as in the checkpoint, got 5.',
    );
    await expect(resume({ seed: 4 })).rejects.toThrow('Expected `seed` to be 3 as in the checkpoint, got 4.');
    await expect(run({ resume: dir }, train.sgd(0.1) as never)).rejects.toThrow(
      'Expected `optimizer.type` to be "Adam" as in the checkpoint, got "SGD".',
    );
    expect(await dir.read((await checkpointNames(dir))[0]!)).toEqual(before);
  });

  it('is refused where there is no checkpoint, and passes over damaged ones', async () => {
    const dir = memoryCheckpoints('runs/a');
    await expect(run({ resume: dir })).rejects.toThrow('resume: There is no checkpoint in runs/a.');
    await run({ epochs: 2, plugins: [checkpoints({ dir })] });
    const [newest, older] = await checkpointNames(dir);
    const bytes = await dir.read(newest!);
    await dir.write(newest!, bytes.subarray(0, bytes.length - 3));
    const { history } = await run({ resume: dir });
    expect(history.resumed?.from).toBe(older);
    expect(history.resumed?.damaged[0]).toMatch(/^step-000000010.*checksum does not match/);
    await dir.write(older!, new Uint8Array(5));
    await expect(run({ resume: dir })).rejects.toThrow('No checkpoint in runs/a can be used.');
  });
});

describe('checkpoints', () => {
  it('keep the newest and the best', async () => {
    const dir = memoryCheckpoints();
    await run({ plugins: [checkpoints({ dir, keep: 2, best: 'val_accuracy' })] });
    expect([...(await dir.list())].sort()).toEqual([
      'best.safetensors',
      'step-000000015.safetensors',
      'step-000000020.safetensors',
    ]);
  });

  it('are written by steps too', async () => {
    const dir = memoryCheckpoints();
    await run({ epochs: 1, plugins: [checkpoints({ dir, every: 0, everySteps: 2, keep: 9 })] });
    expect(await checkpointNames(dir)).toEqual([5, 4, 2].map((step) => `step-00000000${step}.safetensors`));
  });

  it('leave the last whole step when a hook throws, whose name the error tells', async () => {
    const dir = memoryCheckpoints();
    const broken: Plugin = {
      name: 'my-metrics',
      onStepEnd: ({ globalStep }) => {
        if (globalStep === 3) throw new Error('boom');
      },
    };
    await expect(run({ plugins: [broken, checkpoints({ dir })] })).rejects.toThrow(
      'onStepEnd of plugin "my-metrics" (epoch 0, step 3) threw: boom',
    );
    expect(await checkpointNames(dir)).toEqual(['step-000000003.safetensors']);
  });
});

describe('one seed', () => {
  it('gives the same run twice, another seed another', async () => {
    const [first, second, other] = [
      await run({ epochs: 1 }),
      await run({ epochs: 1 }),
      await run({ epochs: 1, seed: 4 }),
    ];
    expect(second.weights).toEqual(first.weights);
    expect(other.weights).not.toEqual(first.weights);
  });

  it('draws the weights of a built model', async () => {
    const [a, b] = [student(), student()];
    const before = await weightsOf(a);
    initializeWeights(a, 1);
    initializeWeights(b, 1);
    expect(await weightsOf(a)).toEqual(await weightsOf(b));
    expect((await weightsOf(a))[0]).not.toEqual(before[0]);
    initializeWeights(b, 2);
    expect((await weightsOf(a))[0]).not.toEqual((await weightsOf(b))[0]);
    a.dispose();
    b.dispose();
  });
});
