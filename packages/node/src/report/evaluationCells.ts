import { type Summary, summarize } from '@tfjs-distill/core';
import { type Evaluation } from '../evaluation/Evaluation.js';
import { type RunRecord } from '../run/RunRecord.js';
import { type Network, networksOf } from './networksOf.js';
import {
  bytesText,
  countText,
  isNumber,
  millisecondsText,
  NOTHING,
  numberSummary,
  percentSummary,
} from './texts.js';

interface Metric {
  readonly head: string;
  readonly value: (evaluation: Evaluation) => number | null | undefined;
  readonly text: (summary: Summary) => string;
}

const METRICS: readonly Metric[] = [
  { head: 'accuracy', value: ({ accuracy }) => accuracy, text: percentSummary },
  { head: 'top 5', value: ({ top5 }) => top5, text: percentSummary },
  { head: 'loss', value: ({ loss }) => loss, text: numberSummary },
  { head: 'calibration error', value: ({ ece }) => ece, text: percentSummary },
  { head: 'agreement', value: ({ agreement }) => agreement, text: percentSummary },
  { head: 'KL to teacher', value: ({ klToTeacher }) => klToTeacher, text: numberSummary },
  { head: 'parameters', value: ({ parameters }) => parameters, text: ({ mean }) => countText(mean) },
  { head: 'FLOPs', value: ({ flops }) => flops, text: ({ mean }) => countText(mean) },
  { head: 'weights', value: ({ bytes }) => bytes, text: ({ mean }) => bytesText(mean) },
  { head: 'latency, 1 sample', value: p50At(1), text: ({ mean }) => millisecondsText(mean) },
  { head: 'latency, 32 samples', value: p50At(32), text: ({ mean }) => millisecondsText(mean) },
];

function p50At(batch: number): Metric['value'] {
  return ({ latency }) => latency.find((measured) => measured.batch === batch)?.p50;
}

/**
 * The table of a run: a column for each of teacher, student alone, student distilled, a row for each number; of several
 * seeds mean ± sample standard deviation. A number that no network has is left out. Texts for people.
 */
export function evaluationCells(record: RunRecord): string[][] {
  return cellsOf(networksOf(record));
}

/** As `evaluationCells`, of any networks. */
export function cellsOf(networks: readonly Omit<Network, 'name'>[]): string[][] {
  const rows = METRICS.map(({ head, value, text }) => {
    const summaries = networks.map(({ evaluations }) => summarize(evaluations.map(value).filter(isNumber)));
    const known = summaries.some(({ count }) => count > 0);
    return known ? [head, ...summaries.map((summary) => (summary.count > 0 ? text(summary) : NOTHING))] : [];
  });
  return [['', ...networks.map(({ label }) => label)], ...rows.filter(({ length }) => length > 0)];
}
