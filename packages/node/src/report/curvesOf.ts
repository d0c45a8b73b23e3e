import { summarize } from '@tfjs-distill/core';
import { type RunRecord, type TrainingRecord } from '../run/RunRecord.js';
import { LABELS } from './networksOf.js';
import { isNumber } from './texts.js';

/** One point of a curve: the mean over the seeds, and one standard deviation below and above it. */
export interface CurvePoint {
  readonly network: string;
  readonly term: string;
  /** Epoch from 1; or, where the networks learn for different numbers of epochs, the share of the training. */
  readonly at: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface Axis {
  readonly title: 'epoch' | 'share of the training';
  readonly format: string;
}

/** What all curves of a run share: epochs where all trainings have as many, else shares. */
export function axisOf({ trainings }: RunRecord): Axis {
  const lengths = new Set(trainings.map(epochsOf));
  return lengths.size > 1
    ? { title: 'share of the training', format: '.0%' }
    : { title: 'epoch', format: 'd' };
}

/** Curves of some numbers of the history, one a network and number, averaged over the seeds. */
export function curvesOf(record: RunRecord, terms: readonly string[]): CurvePoint[] {
  const share = axisOf(record).format === '.0%';
  return (['alone', 'distilled'] as const).flatMap((network) => {
    const trainings = record.trainings.filter((training) => training.network === network);
    return terms.flatMap((term) => pointsOf(trainings, term, share).map((point) => ({ ...point, term, network: LABELS[network] }))); // prettier-ignore
  });
}

/** A row is an epoch, or says itself at which it was taken. */
function epochOf({ history }: TrainingRecord, row: number): number {
  return history[row]?.['epoch'] ?? row + 1;
}

function epochsOf(training: TrainingRecord): number {
  return epochOf(training, training.history.length - 1);
}

function pointsOf(trainings: readonly TrainingRecord[], term: string, share: boolean) {
  const [longest] = [...trainings].sort((a, b) => b.history.length - a.history.length);
  const rows = longest?.history.length ?? 0;
  return Array.from({ length: rows }, (_, row) => {
    const values = trainings.map(({ history }) => history[row]?.[term]).filter(isNumber);
    const { mean, sd } = summarize(values);
    const epoch = longest ? epochOf(longest, row) : NaN;
    const at = share && longest ? epoch / epochsOf(longest) : epoch;
    return { at, mean, low: mean - sd, high: mean + sd };
  }).filter(({ mean }) => isNumber(mean));
}

/** Rows of the history that are no loss terms, besides metrics (`val_…`) and diagnostics (`kd.gradient`). */
const FACTS = new Set(['epoch', 'stage', 'step', 'steps', 'seconds', 'learningRate', 'temperature']);

/** The loss terms that a run's trainings had: `loss`, `task`, then the criteria's. */
export function lossTerms({ trainings }: RunRecord): string[] {
  const names = new Set(trainings.flatMap(({ history }) => history.flatMap((row) => Object.keys(row))));
  return [...names].filter((name) => !name.startsWith('val_') && !name.includes('.') && !FACTS.has(name));
}

/** The numbers of the plugin `term-diagnostics`: how strongly each term pulls at the student. */
export function gradientTerms({ trainings }: RunRecord): string[] {
  const names = new Set(trainings.flatMap(({ history }) => history.flatMap((row) => Object.keys(row))));
  return [...names].filter((name) => name.endsWith('.gradient'));
}
