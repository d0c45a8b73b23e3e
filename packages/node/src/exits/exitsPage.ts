import { toHtml } from 'hast-util-to-html';
import { h } from 'hastscript';
import { type Chart } from '../report/charts/Chart.js';
import { figure } from '../report/figure.js';
import { htmlTable } from '../report/htmlTable.js';
import { STYLE } from '../report/style.js';
import { curveCells, exitFinding, rowCells } from './exitCells.js';
import { type ExitsReport } from './reportExits.js';

/** The report as one page that needs nothing else. */
export async function exitsPage(report: ExitsReport): Promise<string> {
  const title = `Exits of ${report.model}`;
  const page = h('html', { lang: 'en' }, [
    h('head', [
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('link', { rel: 'icon', href: 'data:,' }),
      h('title', title),
      h('style', STYLE),
    ]),
    h('body', [
      h('main', [
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
      ]),
    ]),
  ]);
  return `<!doctype html>\n${toHtml(page)}\n`;
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
