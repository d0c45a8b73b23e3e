import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  type CheckpointStore,
  type CompressionManager,
  type CriterionLike,
  labelsOnly,
  type Data,
  type History,
  type Plugin,
  type PluginLike,
  prepareCompression,
  type StageOptions,
  type TeacherLike,
} from '@tfjs-distill/core';
import { lossesModule } from '@tfjs-distill/losses';
import { type Collective } from '../mpi/Collective.js';
import { meanOverRanks } from '../mpi/ranksAgree.js';
import { nodePluginsModule } from '../plugins/index.js';
import { type TrainingConfig } from './config/runSchema.js';
import { optimizerOf } from './parts.js';
import { type EvaluationPart } from './runData.js';

/** Everything of a training but its data. */
export interface CompressionParts {
  readonly training: TrainingConfig;
  readonly teacher?: TeacherLike | undefined;
  /** Left out: the labels alone. */
  readonly criterion?: readonly CriterionLike[] | undefined;
  readonly stages?: readonly StageOptions[] | undefined;
  readonly plugins: readonly PluginLike[];
}

export interface TrainStudentOptions {
  readonly data: Data;
  /** This rank's part of the test samples. */
  readonly test: EvaluationPart;
  readonly ranks: Collective;
  /** Held-out samples to choose by. */
  readonly validation?: Data | undefined;
  readonly epochs: number;
  readonly seed: number;
  /** Checkpoints to go on from. */
  readonly resume?: string | CheckpointStore | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CURVE_POINTS = 10;

/** A student's manager, be it alone or distilled: one code for both, so that only the teacher differs. */
export function managerOf(model: LayersModel, parts: CompressionParts): CompressionManager {
  const { training, teacher, criterion, stages, plugins } = parts;
  const { learningRate, stepRunner, stepsPerCall } = training;
  const optimizer = optimizerOf(training);
  try {
    return prepareCompression(model, {
      ...(stages ? { stages } : { criterion: criterion ?? labelsOnly }),
      ...(teacher !== undefined && { teacher }),
      optimizer,
      stepRunner,
      stepsPerCall,
      modules: [lossesModule, nodePluginsModule],
      plugins: [
        ...(typeof learningRate === 'number' ? [] : [{ type: 'learning-rate', rate: learningRate }]),
        ...plugins,
      ],
    });
  } catch (error) {
    optimizer.dispose();
    throw error;
  }
}

/** Trains a manager's student in place. The manager is disposed then. */
export async function trainStudent(
  manager: CompressionManager,
  options: TrainStudentOptions,
): Promise<History> {
  const { data, epochs, seed, validation, resume, signal } = options;
  try {
    manager.use(recordCurve(manager, options));
    return await manager.fit(data, {
      epochs,
      seed,
      ...(validation && { validation }),
      ...(resume !== undefined && { resume }),
      ...(signal && { signal }),
    });
  } finally {
    manager.dispose();
  }
}

/** Accuracy on the test samples at about ten epochs. For the eye only: nothing is chosen by it. */
function recordCurve(
  manager: CompressionManager,
  { test, ranks, epochs }: Pick<TrainStudentOptions, 'test' | 'ranks' | 'epochs'>,
): Plugin {
  const every = Math.max(1, Math.floor(epochs / CURVE_POINTS));
  return {
    name: 'test-curve',
    onEpochEnd: {
      order: 'post',
      handler: async ({ epoch, log }) => {
        if ((epoch + 1) % every !== 0 && epoch + 1 !== epochs) return;
        const own = await manager.evaluate(test.data);
        const { accuracy = NaN } = meanOverRanks(ranks, own, test.samples);
        log('test_accuracy', accuracy);
      },
    },
  };
}
