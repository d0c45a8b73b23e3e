import { type RunRecord } from '../../run/RunRecord.js';
import { type Network, networksOf } from '../networksOf.js';
import { percent } from '../texts.js';
import { type Chart } from './Chart.js';
import { colorBy, networkLegend } from './colors.js';

interface ConfidencePoint {
  readonly network: string;
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  readonly share: number;
  readonly confidence: number;
  readonly accuracy: number;
}

/** How sure teacher and students are: share of the samples by confidence. */
export function confidenceChart(record: RunRecord): Chart {
  const networks = networksOf(record);
  const legend = networkLegend(networks);
  const values = networks.flatMap(pointsOf);
  const closed = values.flatMap((point) => (point.to < 1 ? [point] : [point, { ...point, from: 1 }]));
  return {
    title: 'How sure they are',
    caption:
      'Share of the test samples by confidence, the probability of the answer. A student learns its teacher’s doubts.',
    legend,
    spec: {
      data: { values: closed },
      mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
      encoding: {
        x: { ...axis('confidence'), field: 'from' },
        y: {
          field: 'share',
          type: 'quantitative',
          title: 'share of samples',
          axis: { format: '.0%', tickCount: 5 },
          scale: { type: 'sqrt' }, // most answers are sure: the root lets the others be seen
        },
        color: colorBy('network', legend),
      },
    },
    cells: cellsOf(networks, values, ({ share }) => percent(share, 1)),
  };
}

/** Whether they are right as often as they are sure: the reliability diagram. */
export function reliabilityChart(record: RunRecord): Chart {
  const networks = networksOf(record);
  const legend = networkLegend(networks);
  const all = networks.flatMap(pointsOf);
  const values = all.filter(({ samples }) => samples > 0);
  const y = { type: 'quantitative', title: 'share right', axis: { format: '.0%', tickCount: 5 } };
  const scale = { domain: [0, 1] };
  return {
    title: 'Sure and right',
    caption:
      'On the dashed line confidence is accuracy; below it a network is too sure. Large dots hold many samples.',
    legend,
    spec: {
      layer: [
        {
          data: { values: [{ a: 0 }, { a: 1 }] },
          mark: { type: 'line', strokeDash: [5, 4], color: 'var(--muted)', strokeWidth: 1 },
          encoding: { x: { ...axis('confidence'), field: 'a' }, y: { ...y, field: 'a', scale } },
        },
        {
          data: { values },
          mark: { type: 'line', strokeWidth: 1.5, opacity: 0.6 },
          encoding: {
            x: { ...axis('confidence'), field: 'confidence' },
            y: { ...y, field: 'accuracy', scale },
            color: colorBy('network', legend),
          },
        },
        {
          data: { values },
          mark: { type: 'circle', opacity: 0.9 },
          encoding: {
            x: { ...axis('confidence'), field: 'confidence' },
            y: { ...y, field: 'accuracy', scale },
            size: {
              field: 'share',
              type: 'quantitative',
              legend: null,
              scale: { type: 'sqrt', range: [12, 220] },
            },
            color: colorBy('network', legend),
          },
        },
      ],
    },
    cells: cellsOf(networks, all, ({ accuracy, samples }) => percent(samples === 0 ? NaN : accuracy, 1)),
  };
}

function axis(title: string) {
  const scale = { domain: [0, 1] };
  return { type: 'quantitative', title, axis: { format: '.0%', tickCount: 5, grid: false }, scale };
}

/** Bins of all seeds together. */
function pointsOf({ label, evaluations }: Network): ConfidencePoint[] {
  const total = evaluations.reduce((sum, { samples }) => sum + samples, 0);
  const bins = evaluations[0]?.calibration ?? [];
  return bins.map(({ from, to }, i) => {
    const same = evaluations.flatMap(({ calibration }) => calibration[i] ?? []);
    const samples = same.reduce((sum, bin) => sum + bin.samples, 0);
    const mean = (key: 'confidence' | 'accuracy') =>
      same.reduce((sum, bin) => sum + bin.samples * bin[key], 0) / Math.max(samples, 1);
    const [confidence, accuracy] = [mean('confidence'), mean('accuracy')];
    return { network: label, from, to, samples, share: samples / total, confidence, accuracy };
  });
}

function cellsOf(
  networks: readonly Network[],
  points: readonly ConfidencePoint[],
  text: (point: ConfidencePoint) => string,
): string[][] {
  const [first] = networks;
  const bins = points.filter(({ network }) => network === first?.label);
  return [
    ['confidence', ...networks.map(({ label }) => label)],
    ...bins.map(({ from, to }) => [
      `${percent(from, 0)} to ${percent(to, 0)}`,
      ...points.filter((point) => point.from === from).map(text),
    ]),
  ];
}
