import { h } from 'hastscript';
import { type Chart } from '../report/charts/Chart.js';
import { figure } from '../report/figure.js';
import { htmlPage } from '../report/htmlPage.js';
import { htmlTable } from '../report/htmlTable.js';
import { curveCells, exitFinding, rowCells } from './exitCells.js';
import { type ExitsReport } from './reportExits.js';

/** The report as one page that needs nothing else. */
export async function exitsPage(report: ExitsReport): Promise<string> {
  const title = `Exits of ${report.model}`;
  return htmlPage(title, [
    h('h1', title),
    h('p.finding', exitFinding(report)),
    h('h2', 'Each exit by itself'),
    htmlTable(rowCells(report), 'Each exit by itself'),
    h(
      'p.note',
      `On ${report.samples} samples of ${report.data}. ${COST} Ensemble: the mean of all probabilities.`,
    ),
    h('h2', 'Stopping early'),
    await figure(exitChart(report)),
  ]);
}

export const COST = 'Cost: operations by then, as a share of the model without exits.';

/** Accuracy against mean cost over all thresholds, and the classifiers by themselves. */
export function exitChart(report: ExitsReport): Chart {
  const { rows, curve, chosen } = report;
  const x = { field: 'cost', type: 'quantitative', title: 'mean cost of a sample', axis: { format: '.0%' } };
  const y = {
    field: 'accuracy',
    type: 'quantitative',
    title: 'accuracy',
    axis: { format: '.1%', tickCount: 6 },
    scale: { zero: false },
  };
  const dots = (values: readonly object[], color: string, size: number) => ({
    data: { values },
    mark: { type: 'point', filled: true, color, size, opacity: 1 },
    encoding: { x, y },
  });
  const early = curve.slice(0, -1); // the whole model is a dot of its own: no exit is tried before it
  return {
    title: 'Accuracy against cost',
    caption: 'A sample leaves at the first exit that is sure enough; each threshold is a point of the line.',
    legend: [
      { label: 'early exits', color: 'var(--distilled)' },
      { label: 'chosen threshold', color: 'var(--alone)' },
      { label: 'each classifier by itself', color: 'var(--teacher)' },
    ],
    spec: {
      layer: [
        {
          data: { values: early.map((point, order) => ({ ...point, order })) },
          mark: { type: 'line', color: 'var(--distilled)', strokeWidth: 2 },
          encoding: { x, y, order: { field: 'order' } },
        },
        dots(rows, 'var(--teacher)', 50),
        dots([chosen], 'var(--alone)', 110),
      ],
    },
    cells: curveCells(report, Infinity),
  };
}
