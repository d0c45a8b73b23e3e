import { type Tensor, train as optimizers } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  cosine,
  type CriterionLike,
  labelsOnly,
  expected,
  learningRate,
  type Plugin,
  prepareCompression,
  type TeacherLike,
} from '@tfjs-distill/core';
import { sampleBatches, type Samples, trainingBar } from '@tfjs-distill/node';
import { type Training } from './settings.js';

/** A point of a training curve. */
export interface CurvePoint {
  /** Passes over the data so far. */
  readonly epoch: number;
  /** Images seen so far, each as often as it came. */
  readonly images: number;
  /** Mean minimized loss since the point before. */
  readonly loss: number;
  /** On the test images. For the eye only: nothing is chosen by it. */
  readonly accuracy: number;
}

export interface TrainOptions {
  readonly name: string;
  readonly set: Samples;
  /** Which of them, by position. */
  readonly rows: Int32Array;
  readonly labelled?: ReadonlySet<number>;
  readonly training: Training;
  readonly seed: number;
  readonly teacher?: TeacherLike;
  readonly criterion?: CriterionLike;
  readonly test: { readonly x: Tensor; readonly y: Tensor };
}

const CURVE_POINTS = 10;

/** Trains a model in place; the same code with and without a teacher. Returns its curve. */
export async function train(model: LayersModel, options: TrainOptions): Promise<CurvePoint[]> {
  const { training, set, rows, teacher, criterion = labelsOnly } = options;
  const { epochs, batchSize, warmUp, learningRate: peak } = training;
  if (rows.length < batchSize) {
    const rule = `at least one batch of ${batchSize} images`;
    throw expected('labels, images', rule, rows.length, { where: options.name });
  }
  const data = sampleBatches(set, { ...options, ...training });
  const manager = prepareCompression(model, {
    criterion,
    optimizer: optimizers.adam(peak),
    plugins: trainingBar(options.name),
    ...(teacher && { teacher }),
  });
  const curve: CurvePoint[] = [];
  if (warmUp !== undefined) {
    manager.use(learningRate({ rate: cosine({ from: peak, to: 0.01 * peak, warmUp }) }));
  }
  manager.use(
    recordCurve(curve, { ...training, perEpoch: data.steps }, () => manager.evaluate(options.test)),
  );
  try {
    await manager.fit(data, { epochs });
    return curve;
  } finally {
    manager.dispose();
  }
}

function recordCurve(
  curve: CurvePoint[],
  { epochs, batchSize, perEpoch }: Pick<Training, 'epochs' | 'batchSize'> & { readonly perEpoch: number },
  evaluate: () => Promise<Record<string, number>>,
): Plugin {
  const every = Math.max(1, Math.floor((epochs * perEpoch) / CURVE_POINTS));
  const losses: number[] = [];
  return {
    name: 'record-curve',
    onStepEnd: async ({ globalStep, loss }) => {
      const done = globalStep + 1;
      if (done % 10 === 0 || done % every === 0) losses.push(await loss.value()); // a read waits for the engine
      if (done % every !== 0) return;
      const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      const { accuracy = NaN } = await evaluate();
      curve.push({ epoch: done / perEpoch, images: done * batchSize, loss: mean, accuracy });
      losses.length = 0;
    },
  };
}
