import {
  calibrationBins,
  classScores,
  confusionMatrix,
  type Data,
  expected,
  expectedCalibrationError,
  type LatencyOptions,
  type LiveTeacherOptions,
  type TeacherLike,
} from '@tfjs-distill/core';
import { type CollectedFacts, collectFacts } from './collectFacts.js';
import { type ClassRow, type Evaluation, type Latency } from './Evaluation.js';
import { measureLatencies } from './measureLatencies.js';
import { asSubject, type EvaluatedModel, type Subject } from './Subject.js';

export interface EvaluateModelOptions extends Pick<LiveTeacherOptions, 'outputs'> {
  /** What agreement and KL are measured against. Stays yours. */
  readonly teacher?: TeacherLike | undefined;
  /** Default `0`, `1`, … */
  readonly classNames?: readonly string[] | undefined;
  /** How latency is measured; `false`: not at all. Default: of models that run here, at batch 1 and 32. */
  readonly latency?: boolean | (LatencyOptions & { readonly batches?: readonly number[] }) | undefined;
  /** Samples of one pass, for data in memory. Default 256. */
  readonly batchSize?: number | undefined;
}

const TOP = 5;
const FLOAT32_BYTES = 4;

/**
 * Measures a classifier on labelled data, in inference mode and one pass: accuracy, loss, calibration, confusion,
 * fidelity to a teacher, size and latency. docs/reports.md says how each number is counted.
 *
 * @param model LayersModel or GraphModel, teacher source, or student. Stays yours. A LayersModel that ends in a
 *   softmax is known to; of another kind say `outputs: 'probabilities'`.
 * @param data As `fit` takes it; labels are needed, those of −1 are left out.
 * @returns Plain numbers.
 * @throws DistillError `DATA` without labelled samples, `SHAPE` where shapes do not fit, `NUMERIC` if logits are NaN,
 *   `OPTION` if there are fewer or more names than classes.
 *
 * @example
 * const { accuracy, agreement } = await evaluateModel(student, { x, y }, { teacher }); // 0.9712, 0.9809
 */
export async function evaluateModel(
  model: EvaluatedModel,
  data: Data,
  { teacher, classNames, latency, batchSize = 256, outputs }: EvaluateModelOptions = {},
): Promise<Evaluation> {
  const subject = asSubject(model, outputs && { outputs });
  const facts = await collectFacts(subject, data, { batchSize, teacher });
  const { parameters, flops } = subject;
  return {
    ...metricsOf(facts, classNames),
    ...(teacher !== undefined && fidelityOf(facts)),
    ...(parameters !== undefined && { parameters, bytes: FLOAT32_BYTES * parameters }),
    ...(flops !== undefined && { flops }),
    latency: await latencies(subject, data, latency ?? subject.live),
  };
}

async function latencies(
  subject: Subject,
  data: Data,
  wanted: NonNullable<EvaluateModelOptions['latency']>,
): Promise<Latency[]> {
  return wanted === false ? [] : measureLatencies(subject, data, wanted === true ? {} : wanted);
}

type Metrics = Pick<
  Evaluation,
  'samples' | 'accuracy' | 'top5' | 'loss' | 'ece' | 'calibration' | 'confusion' | 'classes'
>;

function metricsOf({ columns, classes }: CollectedFacts, classNames?: readonly string[]): Metrics {
  const labelled = columns.truth.flatMap((label, i) => (label >= 0 ? [i] : []));
  const pick = (column: readonly number[]) => labelled.map((i) => column[i] ?? NaN);
  const ranks = pick(columns.rank);
  const correct = ranks.map((rank) => rank === 0);
  const calibration = calibrationBins(pick(columns.confidence), correct);
  const confusion = confusionMatrix(pick(columns.truth), pick(columns.answer), classes);
  return {
    samples: labelled.length,
    accuracy: share(correct),
    ...(classes > TOP && { top5: share(ranks.map((rank) => rank < TOP)) }),
    loss: mean(pick(columns.crossEntropy)),
    ece: expectedCalibrationError(calibration),
    calibration,
    confusion,
    classes: classRows(confusion, classNames),
  };
}

function fidelityOf({ columns }: CollectedFacts): Pick<Evaluation, 'agreement' | 'klToTeacher'> {
  const { answer, teacherAnswer, klToTeacher } = columns;
  return {
    agreement: share(answer.map((value, i) => value === teacherAnswer[i])),
    klToTeacher: mean(klToTeacher),
  };
}

function classRows(confusion: readonly (readonly number[])[], names?: readonly string[]): ClassRow[] {
  if (names !== undefined && names.length !== confusion.length) {
    throw expected('classNames', `${confusion.length} names, one a class`, names, { where: 'evaluateModel' });
  }
  return classScores(confusion).map((scores, i) => ({ name: names?.[i] ?? String(i), ...scores }));
}

function share(which: readonly boolean[]): number {
  return which.filter(Boolean).length / which.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
