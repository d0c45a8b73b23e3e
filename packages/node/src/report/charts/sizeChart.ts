import { summarize } from '@tfjs-distill/core';
import { type RunRecord } from '../../run/RunRecord.js';
import { networksOf } from '../networksOf.js';
import { bytesText, isNumber, percent } from '../texts.js';
import { type Chart } from './Chart.js';
import { colorBy, networkLegend } from './colors.js';

/** What a byte buys: accuracy by the size of the weights. */
export function sizeChart(record: RunRecord): Chart | undefined {
  const networks = networksOf(record);
  const values = networks.flatMap(({ label, evaluations }) => {
    const { bytes } = evaluations[0] ?? {};
    const { mean, sd } = summarize(evaluations.map(({ accuracy }) => accuracy));
    return isNumber(bytes)
      ? [{ network: label, kib: bytes / 1024, mean, low: mean - sd, high: mean + sd }]
      : [];
  });
  if (values.length < 2) return undefined;
  const y = {
    type: 'quantitative',
    title: 'accuracy',
    axis: { format: '.1%', tickCount: 5 },
    scale: { zero: false, padding: 20 },
  };
  const x = {
    field: 'kib',
    type: 'quantitative',
    title: 'weights, KiB',
    scale: { type: 'log', padding: 30 },
    axis: { format: '~s', tickCount: 2, grid: false },
  };
  const legend = networkLegend(networks);
  const color = colorBy('network', legend);
  return {
    title: 'Size and accuracy',
    caption:
      'Further left is smaller, further up more accurate. Bars: one standard deviation over the seeds.',
    legend,
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'point', filled: true, size: 110, opacity: 1 },
          encoding: { x, y: { ...y, field: 'mean' }, color },
        },
      ],
    },
    cells: [
      ['', 'weights', 'accuracy'],
      ...values.map(({ network, kib, mean }) => [network, bytesText(1024 * kib), percent(mean)]),
    ],
  };
}
