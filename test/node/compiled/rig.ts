import {
  engine,
  memory,
  oneHot,
  type Optimizer,
  randomNormal,
  type Tensor,
  tensor1d,
  tidy,
  train,
} from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  type Batch,
  type CompressionManager,
  type CompressionOptions,
  type Plugin,
  prepareCompression,
  type StepReport,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { expect } from 'vitest';

/** Steps are compiled on native TensorFlow alone. */
export const NATIVE = engine().backendName === 'tensorflow';

type Layer = ReturnType<
  typeof layers.dropout | typeof layers.batchNormalization | typeof layers.gaussianNoise
>;

const SIZE = 8;

/** The part of a layer's options that fixes its first weights. */
export const seeded = (seed: number) => ({ kernelInitializer: initializers.glorotUniform({ seed }) });

/** A small convolutional network; `extra` goes between its layers. */
export function networkOf(seed: number, extra: readonly Layer[] = []): LayersModel {
  return sequential({
    layers: [
      layers.conv2d({
        inputShape: [8, 8, 1],
        filters: 4,
        kernelSize: 3,
        activation: 'relu',
        ...seeded(seed),
      }),
      ...extra,
      layers.flatten(),
      layers.dense({ units: 10, ...seeded(seed + 1) }),
    ],
  });
}

export function batchAt(step: number, size = SIZE): Batch & { y: Tensor } {
  const classes = Array.from({ length: size }, (_, i) => (i + step) % 10);
  return {
    x: randomNormal([size, 8, 8, 1], 0, 1, 'float32', step + 1),
    y: tidy(() => oneHot(tensor1d(classes, 'int32'), 10)),
  };
}

export interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly number[];
  readonly report: StepReport | undefined;
}

export interface Training extends Omit<Partial<CompressionOptions>, 'optimizer'> {
  readonly steps?: number;
  readonly student?: () => LayersModel;
  readonly optimizer?: () => Optimizer;
  /** Called before each step; may change the batch. */
  readonly before?: (step: number, manager: CompressionManager) => void | Batch;
  readonly stepsPerEpoch?: number;
  /** Nobody reads the losses. */
  readonly unwatched?: boolean;
  /** `false` where other trainings make tensors meanwhile. */
  readonly counted?: boolean;
}

/** Trains some steps on batches that follow from their number, and checks that no tensor is left behind. */
export async function trained(training: Training): Promise<Trained> {
  const { steps = 50, student: make = () => networkOf(1), optimizer = () => train.adam(1e-2) } = training;
  const {
    before,
    stepsPerEpoch = Infinity,
    plugins = [],
    unwatched = false,
    counted = true,
    ...options
  } = training;
  const [student, teacher] = [make(), networkOf(7)];
  const losses: number[] = [];
  const watcher: Plugin = {
    name: 'losses',
    onStepEnd: async ({ loss }) => void losses.push(await loss.value()),
  };
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation({ temperature: 4, alpha: 0.3 }),
    ...without(options, ['steps', 'student']),
    optimizer: optimizer(),
    plugins: [...(unwatched ? [] : [watcher]), ...plugins],
  });
  const counts: number[] = [];
  await manager.onTrainBegin({ epochs: 10 });
  for (let step = 0; step < steps; step++) {
    if (step % stepsPerEpoch === 0 || step === 0) {
      if (step > 0) await manager.onEpochEnd();
      await manager.onEpochBegin();
    }
    const batch = before?.(step, manager) ?? batchAt(step);
    await manager.trainStep(batch);
    for (const tensor of [batch.x as Tensor, batch.y]) tensor?.dispose();
    counts.push(memory().numTensors);
  }
  const { stepsPerCall = 1 } = options;
  const back = Math.max(0, Math.floor((steps - 10) / stepsPerCall) * stepsPerCall);
  if (counted) expect(counts.at(-1)).toBe(counts.at(-1 - back));
  const values = await Promise.all(student.getWeights().map((weight: Tensor) => weight.data()));
  const report = manager.stepReport;
  manager.dispose();
  student.dispose();
  teacher.dispose();
  return { losses, weights: values.flatMap((some) => [...some]), report };
}

/** Trains both ways, expects the same of both, and gives the report of the compiled way. */
export async function agreed(make: () => Training): Promise<StepReport> {
  const eager = await trained({ ...make(), stepRunner: 'eager' });
  const compiled = await trained({ ...make(), stepRunner: 'auto' });
  expect(farthest(eager.losses, compiled.losses)).toBeLessThan(1e-5);
  expect(farthest(eager.weights, compiled.weights)).toBeLessThan(1e-5);
  return compiled.report!;
}

export function farthest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!) / Math.max(1, Math.abs(value))),
    0,
  );
}

function without<T extends object>(value: T, keys: readonly string[]): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key))) as T;
}
