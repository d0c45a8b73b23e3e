import { summarize } from '@tfjs-distill/core';
import { type RunRecord } from '../../run/RunRecord.js';
import { type Network, networksOf } from '../networksOf.js';
import { millisecondsText } from '../texts.js';
import { type Chart } from './Chart.js';
import { colorBy, networkLegend } from './colors.js';

/** Time of one sample, by itself and in a batch: median, and the slowest of twenty. */
export function latencyChart(record: RunRecord): Chart | undefined {
  const networks = networksOf(record);
  const values = networks.flatMap(latenciesOf);
  if (values.length === 0) return undefined;
  const order = networks.map(({ label }) => label);
  const x = { type: 'quantitative', title: 'milliseconds a sample', axis: { tickCount: 5 } };
  const y = {
    field: 'network',
    type: 'nominal',
    title: null,
    sort: order,
    axis: { ticks: false, domain: false },
  };
  return {
    title: 'Latency',
    caption:
      'Bars: median of a forward pass, divided by the samples of its batch. Ticks: 95 of 100 passes are faster.',
    legend: [],
    spec: {
      data: { values },
      facet: {
        row: {
          field: 'title',
          type: 'nominal',
          title: null,
          sort: { field: 'batch', op: 'min' },
          header: { labelOrient: 'top', labelAnchor: 'start' },
        },
      },
      spec: {
        width: 240,
        height: 26 * networks.length,
        layer: [
          {
            mark: { type: 'bar', height: 14 },
            encoding: {
              x: { ...x, field: 'p50' },
              y,
              color: colorBy('network', networkLegend(networks)),
            },
          },
          {
            mark: { type: 'tick', color: 'var(--text)', thickness: 2, size: 18 },
            encoding: { x: { ...x, field: 'p95' }, y },
          },
        ],
      },
    },
    cells: [
      ['', 'batch', 'p50 of a pass', 'p95 of a pass'],
      ...values.map(({ network, batch, p50, p95 }) => [
        network,
        String(batch),
        millisecondsText(p50 * batch),
        millisecondsText(p95 * batch),
      ]),
    ],
  };
}

function latenciesOf({ label, evaluations }: Network) {
  const batches = evaluations[0]?.latency.map(({ batch }) => batch) ?? [];
  return batches.map((batch) => {
    const same = evaluations.flatMap(({ latency }) => latency.filter((measured) => measured.batch === batch));
    const mean = (key: 'p50' | 'p95') => summarize(same.map((measured) => measured[key])).mean / batch;
    const title = batch === 1 ? 'one sample at a time' : `${batch} samples at a time`;
    return { network: label, batch, title, p50: mean('p50'), p95: mean('p95') };
  });
}
