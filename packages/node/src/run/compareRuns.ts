import { isDeepStrictEqual } from 'node:util';
import { type Summary, summarize } from '@tfjs-distill/core';
import { networksOf } from '../report/networksOf.js';
import {
  bytesText,
  countText,
  isNumber,
  millisecondsText,
  NOTHING,
  percent,
  percentSummary,
} from '../report/texts.js';
import { flatten, shown } from './config/configDifferences.js';
import { type NamedRun } from './readRuns.js';

/** One run beside others. Plain JSON. */
export interface ComparisonRow {
  readonly run: string;
  /** The settings in which the runs differ, by their path; absent ones are left out. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly engine: string;
  readonly teacher?: number;
  /** Mean and standard deviation of accuracy over the seeds. */
  readonly alone?: Summary;
  readonly distilled?: Summary;
  /** Distilled less alone. */
  readonly gain?: number;
  readonly agreement?: number;
  readonly parameters?: number;
  readonly bytes?: number;
  /** Median of one sample, milliseconds. */
  readonly latency?: number;
}

/** Settings that say nothing of a run's outcome. */
const ASIDE = new Set(['name', 'output']);

/**
 * What tells runs apart.
 *
 * @example
 * comparisonRows(await readRuns(['runs/t2', 'runs/t8']))[0].settings; // { 'criterion.temperature': 2 }
 */
export function comparisonRows(runs: readonly NamedRun[]): ComparisonRow[] {
  const settings = differing(runs.map(({ record }) => flatten(record.config)));
  return runs.map(({ name, record }, i) => {
    const evaluations = (wanted: string) =>
      networksOf(record).find((network) => network.name === wanted)?.evaluations ?? [];
    const summary = (wanted: string, key: 'accuracy' | 'agreement' | 'parameters' | 'bytes') => {
      const values = evaluations(wanted)
        .map((evaluation) => evaluation[key])
        .filter(isNumber);
      return values.length === 0 ? undefined : summarize(values);
    };
    const [alone, distilled] = [summary('alone', 'accuracy'), summary('distilled', 'accuracy')];
    const latency = evaluations('distilled')[0]?.latency.find(({ batch }) => batch === 1)?.p50;
    return withoutUndefined({
      run: name,
      settings: settings[i] ?? {},
      engine: record.engine,
      teacher: record.teacher?.accuracy,
      alone,
      distilled,
      gain: alone && distilled && distilled.mean - alone.mean,
      agreement: summary('distilled', 'agreement')?.mean,
      parameters: summary('distilled', 'parameters')?.mean,
      bytes: summary('distilled', 'bytes')?.mean,
      latency,
    });
  });
}

/** Of each flat configuration the values that are not the same in all. */
function differing(configs: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown>[] {
  const keys = [...new Set(configs.flatMap((config) => Object.keys(config)))].filter(
    (key) => !ASIDE.has(key) && configs.some((config) => !isDeepStrictEqual(config[key], configs[0]?.[key])),
  );
  return configs.map((config) =>
    Object.fromEntries(keys.filter((key) => key in config).map((key) => [key, config[key]])),
  );
}

const withoutUndefined = (row: { [K in keyof ComparisonRow]: ComparisonRow[K] | undefined }): ComparisonRow =>
  Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== undefined),
  ) as unknown as ComparisonRow;

interface Column {
  readonly head: string;
  /** `undefined` where the run has no such number. */
  readonly text: (row: ComparisonRow) => string | undefined;
}

const RESULTS: readonly Column[] = [
  { head: 'teacher', text: ({ teacher }) => textOf(teacher, percent) },
  { head: 'alone', text: ({ alone }) => textOf(alone, percentSummary) },
  { head: 'distilled', text: ({ distilled }) => textOf(distilled, percentSummary) },
  { head: 'gain', text: ({ gain }) => textOf(gain, points) },
  { head: 'agreement', text: ({ agreement }) => textOf(agreement, percent) },
  { head: 'parameters', text: ({ parameters }) => textOf(parameters, countText) },
  { head: 'weights', text: ({ bytes }) => textOf(bytes, bytesText) },
  { head: 'latency', text: ({ latency }) => textOf(latency, millisecondsText) },
];

/** The rows as a table for people; columns that no run has are left out, also the engine if all have one. */
export function comparisonCells(rows: readonly ComparisonRow[]): string[][] {
  const keys = [...new Set(rows.flatMap(({ settings }) => Object.keys(settings)))];
  const engines = new Set(rows.map(({ engine }) => engine));
  const columns: Column[] = [
    { head: 'run', text: ({ run }) => run },
    ...keys.map((key) => ({
      head: key,
      text: ({ settings }: ComparisonRow) => textOf(settings[key], shown),
    })),
    ...(engines.size > 1 ? [{ head: 'engine', text: ({ engine }: ComparisonRow) => engine }] : []),
    ...RESULTS.filter(({ text }) => rows.some((row) => text(row) !== undefined)),
  ];
  return [
    columns.map(({ head }) => head),
    ...rows.map((row) => columns.map(({ text }) => text(row) ?? NOTHING)),
  ];
}

const textOf = <T>(value: T | undefined, text: (value: T) => string): string | undefined =>
  value === undefined ? undefined : text(value);

const points = (gain: number): string => `${gain < 0 ? '−' : '+'}${Math.abs(100 * gain).toFixed(2)}`;
