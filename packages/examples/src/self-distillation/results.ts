import { type ExitPoint, type ExitRow, summarize } from '@tfjs-distill/core';
import { getBorderCharacters, table } from 'table';
import { type Settings } from './settings.js';
import { type Way, WAYS } from './trainNetwork.js';

/** One network after training. */
export interface NetworkResult {
  readonly way: Way;
  readonly seed: number;
  /** Of the test images; without exits the deepest classifier alone. */
  readonly rows: readonly ExitRow[];
}

/** Early exits of one self-distilled network, on the test images. */
export interface EarlyExitResult {
  readonly seed: number;
  readonly curve: readonly ExitPoint[];
  /** The threshold that keeps the whole network's accuracy on the calibration images, and what it gives on the test images. */
  readonly chosen: ExitPoint;
  /** Milliseconds for all test images: with early exits, and the whole network. */
  readonly milliseconds: { readonly early: number; readonly whole: number };
}

export interface Results {
  readonly engine: string;
  readonly data: string;
  readonly settings: Settings;
  readonly networks: readonly NetworkResult[];
  readonly earlyExits: readonly EarlyExitResult[];
  readonly seconds: number;
}

const PLAIN = {
  border: getBorderCharacters('norc'),
  drawHorizontalLine: (line: number, rows: number) => line < 2 || line === rows,
};

/** Accuracy of every exit, by way of training; mean ± standard deviation where there are several seeds. */
export function accuracyTable({ networks }: Results): string {
  const names = [...new Set(networks.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  const ordered = [
    ...names.filter((name) => name !== 'deepest' && name !== 'ensemble'),
    'deepest',
    'ensemble',
  ];
  const cells = ordered.map((name) => {
    const cost = networks.flatMap(({ rows }) => rows.filter((row) => row.name === name)).at(-1)?.cost ?? NaN;
    return [name, percent(cost, 0), ...ways.map((way) => cell(networks, way, name))];
  });
  return table([['classifier', 'cost', ...ways.map((way) => WAYS[way])], ...cells], PLAIN);
}

const ways = Object.keys(WAYS) as Way[];

function cell(networks: readonly NetworkResult[], way: Way, name: string): string {
  const ofWay = networks.filter((network) => network.way === way);
  const values = ofWay.flatMap(({ rows }) =>
    rows.filter((row) => row.name === name).map(({ accuracy }) => accuracy),
  );
  if (values.length === 0) return '–';
  const { mean, sd } = summarize(values);
  return values.length === 1 ? percent(mean, 2) : `${percent(mean, 2)} ± ${(100 * sd).toFixed(2)}`;
}

/** Accuracy against mean cost: about ten points of the curve. */
export function curveTable({ curve }: EarlyExitResult, exits: readonly string[]): string {
  const every = Math.max(1, Math.floor((curve.length - 1) / 9));
  const points = curve.filter((_, i) => i % every === 0 || i === curve.length - 1);
  const cells = points.map(({ threshold, accuracy, cost, shares }) => [
    threshold.toFixed(4),
    percent(accuracy, 2),
    percent(cost, 0),
    ...shares.map((share) => percent(share, 0)),
  ]);
  return table(
    [['threshold', 'accuracy', 'mean cost', ...exits.map((name) => `left at ${name}`)], ...cells],
    PLAIN,
  );
}

/** What early exits gave, in one sentence. */
export function earlyExitFinding({ curve, chosen, milliseconds }: EarlyExitResult): string {
  const whole = curve.at(-1) as ExitPoint;
  const { early, whole: all } = milliseconds;
  return (
    `Threshold ${chosen.threshold.toFixed(4)}, chosen on the calibration images: ${percent(chosen.accuracy, 2)} of the test images right ` +
    `for ${percent(chosen.cost, 0)} of the operations; the whole network ${percent(whole.accuracy, 2)}. ` +
    `${early.toFixed(0)} ms against ${all.toFixed(0)} ms for all test images, in batches of ${BATCH}.`
  );
}

/** Images of one timed pass. */
export const BATCH = 250;

export const percent = (share: number, digits: number): string => `${(100 * share).toFixed(digits)} %`;
