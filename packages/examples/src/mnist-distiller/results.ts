import { expected } from '@tfjs-distill/core';
import { type Evaluation } from '@tfjs-distill/node';
import { type Settings } from './settings.js';
import { type StepTimes } from './stepTimes.js';
import { type CurvePoint } from './train.js';

/** What the table says of one network. */
export interface NetworkResult {
  /** Part of the test images that it gets right; the mean where there are several seeds. */
  readonly accuracy: number;
  /** One value per seed. */
  readonly accuracies: readonly number[];
  readonly parameters: number;
  /** Size on disk as a float32 model of TensorFlow.js. */
  readonly bytes: number;
  /** Time for one image by itself, milliseconds, median. */
  readonly msPerImage: number;
  /** Part of the test images on which its answer is the teacher's. */
  readonly agreement: number;
}

export interface Curve {
  readonly network: 'alone' | 'distilled';
  readonly seed: number;
  readonly points: readonly CurvePoint[];
}

/** Everything a run found: `report.json`. */
export interface Results {
  readonly engine: string;
  readonly settings: Settings;
  readonly seeds: readonly number[];
  readonly testImages: number;
  readonly teacher: NetworkResult;
  readonly alone: NetworkResult;
  readonly distilled: NetworkResult;
  readonly step: StepTimes;
  readonly curves: readonly Curve[];
  readonly seconds: number;
  readonly node: string;
  readonly date: string;
}

/** Of one network. */
export function resultOf(evaluation: Evaluation, bytes: number): NetworkResult {
  const { accuracy, parameters = NaN, agreement = NaN, latency } = evaluation;
  return {
    accuracy,
    accuracies: [accuracy],
    parameters,
    bytes,
    msPerImage: latency.find(({ batch }) => batch === 1)?.p50 ?? NaN,
    agreement,
  };
}

/** Of the networks of several seeds. */
export function meanOf(results: readonly NetworkResult[]): NetworkResult {
  const [first] = results;
  if (first === undefined) throw expected('seeds', 'at least 1', results.length);
  const mean = (key: 'accuracy' | 'agreement' | 'msPerImage') =>
    results.reduce((sum, result) => sum + result[key], 0) / results.length;
  return {
    ...first,
    accuracy: mean('accuracy'),
    accuracies: results.map(({ accuracy }) => accuracy),
    agreement: mean('agreement'),
    msPerImage: mean('msPerImage'),
  };
}

export const NETWORKS = {
  teacher: 'teacher',
  alone: 'student alone',
  distilled: 'student distilled',
} as const;

/** What a run is going to do, in one line. */
export function plan({ labels, images, seeds, alone, distilled }: Settings): string {
  const count = (value: number) => value.toLocaleString('en');
  return (
    `Plan: alone ${alone.epochs} epochs of ${count(labels)} labelled images, ` +
    `distilled ${distilled.epochs} epochs of ${count(images)} images, ${count(labels)} of them labelled, ` +
    `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}.`
  );
}

/** The table's cells: heads, then one row per network. Texts for people. */
export function tableCells(results: Results): string[][] {
  const rows = (['teacher', 'alone', 'distilled'] as const).map((name) => {
    const { accuracy, accuracies, parameters, bytes, msPerImage, agreement } = results[name];
    return [
      NETWORKS[name],
      percent(accuracy) + spread(accuracies),
      parameters.toLocaleString('en'),
      `${(bytes / 1024).toFixed(0)} KiB`,
      `${msPerImage.toFixed(2)} ms`,
      name === 'teacher' ? '' : percent(agreement),
    ];
  });
  return [['', 'accuracy', 'parameters', 'on disk', 'one image', 'agreement'], ...rows];
}

/** What the table's columns mean. */
export function legend({ seeds, testImages }: Results): string {
  const spread = seeds.length > 1 ? `, the mean of ${seeds.length} seeds (lowest–highest)` : '';
  return (
    `Accuracy on ${testImages.toLocaleString('en')} test images${spread}. ` +
    "One image: median latency by itself. Agreement: with the teacher's answers."
  );
}

/** The finding, in one sentence. */
export function finding({ settings, teacher, alone, distilled }: Results): string {
  const points = 100 * (distilled.accuracy - alone.accuracy);
  const change = `${Math.abs(points).toFixed(2)} points ${points < 0 ? 'less' : 'more'}`;
  return (
    `With ${settings.labels.toLocaleString('en')} labels of its own the student reaches ${percent(alone.accuracy)} alone` +
    ` and ${percent(distilled.accuracy)} distilled, ${change}, from a teacher of ${percent(teacher.accuracy)}.`
  );
}

/** What a teacher adds to a step, in one sentence. */
export function stepLine({ batchSize, alone, stored, live }: StepTimes): string {
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  return (
    `A step of ${batchSize} images takes the student ${ms(alone)} alone, ${ms(stored)} with the teacher's stored ` +
    `answers, ${ms(live)} with the teacher live.`
  );
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

function spread(values: readonly number[]): string {
  if (values.length < 2) return '';
  const [lowest, highest] = [Math.min(...values), Math.max(...values)].map((value) =>
    (100 * value).toFixed(2),
  );
  return ` (${lowest}–${highest})`;
}
