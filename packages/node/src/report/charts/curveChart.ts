import { type RunRecord } from '../../run/RunRecord.js';
import { type Axis, axisOf, type CurvePoint, curvesOf, gradientTerms, lossTerms } from '../curvesOf.js';
import { LABELS, networksOf } from '../networksOf.js';
import { percent, trimmed } from '../texts.js';
import { type Chart } from './Chart.js';
import { colorBy, networkLegend, termLegend } from './colors.js';

/** Accuracy while the students learn, mean and spread over the seeds, and the teacher's as a line to reach. */
export function accuracyChart(record: RunRecord): Chart | undefined {
  const points = curvesOf(record, ['val_accuracy']);
  if (points.length === 0) return undefined;
  const legend = networkLegend(networksOf(record));
  const teacher = record.teacher && [{ network: LABELS.teacher, mean: record.teacher.accuracy }];
  const lowest = Math.min(...points.map(({ low }) => low), ...(teacher ?? []).map(({ mean }) => mean));
  const highest = Math.max(...points.map(({ high }) => high), ...(teacher ?? []).map(({ mean }) => mean));
  const margin = Math.max((highest - lowest) * 0.05, 0.001);
  const scale = { domain: [Math.max(0, lowest - margin), Math.min(1, highest + margin)] };
  const y = { type: 'quantitative', title: 'accuracy', axis: { format: '.1%', tickCount: 6 }, scale };
  const color = colorBy('network', legend);
  return {
    title: 'Accuracy while learning',
    caption: `On the samples that were held out while training, by ${axisOf(record).title}: mean over the seeds, band of one standard deviation.`,
    legend,
    spec: {
      layer: [
        ...(teacher ? [ruleOf(teacher, y, color)] : []),
        bandOf(points, axisOf(record), y, color),
        lineOf(points, axisOf(record), y, color),
      ],
    },
    cells: cellsOf(points, axisOf(record), (value) => percent(value)),
  };
}

/** Every term of the loss, one chart a network: what each is worth before its weight. */
export function lossCharts(record: RunRecord): Chart[] {
  return (['alone', 'distilled'] as const).flatMap((network) => {
    const title = `Loss terms, ${LABELS[network]}`;
    const caption =
      'Mean of each epoch, unweighted; “loss” is what is minimized, “task” the loss on the labels.';
    const chart = termChart(record, network, lossTerms(record), { title, caption, unit: 'loss' });
    return chart ? [chart] : [];
  });
}

/** How strongly each term pulls, where the run looked. */
export function gradientChart(record: RunRecord): Chart | undefined {
  return termChart(record, 'distilled', gradientTerms(record), {
    title: 'Pull of each loss term',
    caption: 'Norm of the weighted term’s gradient: the larger one drives the training.',
    unit: 'gradient norm',
  });
}

function termChart(
  record: RunRecord,
  network: 'alone' | 'distilled',
  terms: readonly string[],
  { title, caption, unit }: { title: string; caption: string; unit: string },
): Chart | undefined {
  const all = curvesOf(record, terms).filter((point) => point.network === LABELS[network]);
  const points = withoutTwin(all);
  if (points.length === 0) return undefined;
  const present = terms.filter((term) => points.some((point) => point.term === term));
  const log = points.every(({ mean }) => mean > 0);
  const y = {
    type: 'quantitative',
    title: unit,
    axis: { tickCount: log ? 2 : 5, format: '~g' }, // of a logarithm's, decades alone
    scale: { type: log ? 'log' : 'linear' },
  };
  const floor = Math.min(...points.map(({ mean }) => mean)) / 2; // a logarithm has no place for 0
  const drawn = points.map((point) => ({ ...point, low: log ? Math.max(point.low, floor) : point.low }));
  const legend = termLegend(present);
  const color = colorBy('term', legend);
  const axis = axisOf(record);
  return {
    title,
    caption,
    legend,
    spec: { layer: [bandOf(drawn, axis, y, color), lineOf(drawn, axis, y, color)] },
    cells: cellsOf(points, axis, trimmed),
  };
}

/** Without a criterion the loss is the task's: one line says it. */
function withoutTwin(points: readonly CurvePoint[]): CurvePoint[] {
  const of = (term: string) => points.filter((point) => point.term === term).map(({ mean }) => mean);
  const twins = of('task').join() === of('loss').join();
  return points.filter(({ term }) => !(twins && term === 'task'));
}

type Encoding = Readonly<Record<string, unknown>>;

function ruleOf(values: object[], y: Encoding, color: Encoding) {
  const mark = { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.5 };
  return { data: { values }, mark, encoding: { y: { field: 'mean', ...y }, color } };
}

function bandOf(values: readonly object[], axis: Axis, y: Encoding, color: Encoding) {
  const encoding = { x: xOf(axis), y: { field: 'low', ...y }, y2: { field: 'high' }, color };
  return { data: { values }, mark: { type: 'area', opacity: 0.2 }, encoding };
}

function lineOf(values: readonly object[], axis: Axis, y: Encoding, color: Encoding) {
  const mark = { type: 'line', point: values.length < 60 ? { size: 18 } : false, strokeWidth: 2 };
  return { data: { values }, mark, encoding: { x: xOf(axis), y: { field: 'mean', ...y }, color } };
}

function xOf({ title, format }: Axis) {
  const axis = { format, tickMinStep: format === 'd' ? 1 : 0.1, tickCount: 8, grid: false };
  return { field: 'at', type: 'quantitative', title, axis, scale: { zero: false, nice: false } };
}

/** A column a curve, a row a point. */
function cellsOf(
  points: readonly { network: string; term: string; at: number; mean: number }[],
  { title, format }: Axis,
  text: (value: number) => string,
): string[][] {
  const several = new Set(points.map(({ term }) => term)).size > 1;
  const nameOf = ({ network, term }: { network: string; term: string }) => (several ? term : network);
  const names = [...new Set(points.map(nameOf))];
  const places = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  return [
    [title, ...names],
    ...places.map((at) => [
      format === 'd' ? String(at) : percent(at, 0),
      ...names.map((name) => {
        const point = points.find((candidate) => candidate.at === at && nameOf(candidate) === name);
        return text(point?.mean ?? NaN);
      }),
    ]),
  ];
}
