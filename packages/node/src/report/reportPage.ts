import type { Element } from 'hast';
import { h } from 'hastscript';
import { stringify } from 'yaml';
import { type RunRecord } from '../run/RunRecord.js';
import { chartsOf } from './charts/index.js';
import { classCells } from './classCells.js';
import { evaluationCells } from './evaluationCells.js';
import { figure } from './figure.js';
import { finding } from './finding.js';
import { htmlPage } from './htmlPage.js';
import { htmlTable } from './htmlTable.js';
import { networksOf } from './networksOf.js';
import { countText } from './texts.js';

/** A run's report as one page that needs nothing else; every picture's numbers are there as a table too. */
export async function reportPage(record: RunRecord): Promise<string> {
  const figures: Element[] = [];
  for (const chart of chartsOf(record)) figures.push(await figure(chart));
  return htmlPage(`${record.name} – distillation report`, [
    h('h1', record.name),
    h('p.finding', finding(record)),
    h('h2', 'Results'),
    htmlTable(evaluationCells(record), 'Results', 'results'),
    h('p.note', legend(record)),
    h('h2', 'Charts'),
    h('div.charts', figures),
    h('h2', 'Classes'),
    htmlTable(classCells(record), 'Classes'),
    h(
      'p.note',
      'Recall: share of the class that is found. F1: harmonic mean of precision and recall. Means over the seeds.',
    ),
    h('h2', 'Settings'),
    h('pre', { tabIndex: 0, ariaLabel: 'Configuration' }, stringify(record.config)),
    h('div.settings', htmlTable(machineCells(record), 'Where and from what it ran')),
  ]);
}

/** What the table's columns mean. */
export function legend(record: RunRecord): string {
  const networks = networksOf(record);
  const samples = countText(networks[0]?.evaluations[0]?.samples);
  const seeds = new Set(record.trainings.map(({ seed }) => seed)).size;
  const spread = seeds > 1 ? ` Mean ± sample standard deviation of ${seeds} seeds.` : '';
  return (
    `On ${samples} test samples.${spread} Agreement: share of the samples with the teacher’s answer. ` +
    'FLOPs: of one sample. Latency: median for one sample by itself.'
  );
}

function machineCells({
  engine,
  versions,
  git,
  fingerprint,
  started,
  seconds,
  trainings,
}: RunRecord): string[][] {
  const minutes = `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return [
    ['', ''],
    ['started', started],
    ['took', seconds < 60 ? `${seconds.toFixed(1)} s` : minutes],
    ['seeds', [...new Set(trainings.map(({ seed }) => seed))].join(', ')],
    ['engine', engine],
    ...Object.entries(versions).map(([name, version]) => [name, version]),
    ...(git === undefined ? [] : [['commit', git]]),
    ['data', fingerprint],
  ];
}
