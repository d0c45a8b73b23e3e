import { type RunRecord } from '../../run/RunRecord.js';
import { networksOf } from '../networksOf.js';
import { type Chart } from './Chart.js';

/** With more classes nobody can read the squares. */
const MOST_CLASSES = 30;
const MOST_NUMBERS = 12;

/** Which classes the last network of the table takes for which: all seeds together. */
export function confusionChart(record: RunRecord): Chart | undefined {
  const network = networksOf(record).at(-1);
  const names = network?.evaluations[0]?.classes.map(({ name }) => name) ?? [];
  if (network === undefined || names.length > MOST_CLASSES) return undefined;
  const counts = summed(network.evaluations.map(({ confusion }) => confusion));
  const values = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, answer) => ({
      truth: names[truth],
      answer: names[answer],
      count,
      text: count === 0 ? '' : String(count),
      share: total === 0 ? 0 : count / total,
      right: truth === answer,
    }));
  });
  return {
    title: `Confusions, ${network.label}`,
    caption: 'Rows are true classes, columns answers, all seeds together. Mistakes are in the second colour.',
    legend: [],
    spec: {
      height: 380,
      data: { values },
      encoding: { x: band('answer', names, 'top'), y: band('truth', names, 'left') },
      layer: [squares(), ...(names.length > MOST_NUMBERS ? [] : [numbers()])],
    },
    cells: [['true class', ...names], ...counts.map((row, i) => [names[i] ?? '', ...row.map(String)])],
  };
}

function squares() {
  return {
    mark: { type: 'rect', stroke: 'var(--page)', strokeWidth: 1 },
    encoding: {
      fill: {
        field: 'right',
        type: 'nominal',
        legend: null,
        scale: { domain: [true, false], range: ['var(--distilled)', 'var(--alone)'] },
      },
      // a mistake is a small share of its class: the root lets it be seen
      fillOpacity: {
        field: 'share',
        type: 'quantitative',
        legend: null,
        scale: { type: 'sqrt', domain: [0, 1], range: [0, 1] },
      },
    },
  };
}

function numbers() {
  const onDark = { test: 'datum.share > 0.3', value: 'var(--page)' };
  return {
    mark: { type: 'text', fontSize: 11 },
    encoding: { text: { field: 'text' }, color: { condition: onDark, value: 'var(--text)' } },
  };
}

function band(field: string, sort: readonly string[], orient: string) {
  const title = field === 'truth' ? 'true class' : 'answer';
  const labelAngle = orient === 'top' && sort.some((name) => name.length > 2) ? -45 : 0;
  const axis = { orient, labelAngle, labelLimit: orient === 'left' ? 84 : 64, domain: false, ticks: false };
  return { field, type: 'nominal', sort, title, axis };
}

function summed(matrices: readonly (readonly (readonly number[])[])[]): number[][] {
  const [first = []] = matrices;
  return first.map((row, i) =>
    row.map((_, j) => matrices.reduce((sum, matrix) => sum + (matrix[i]?.[j] ?? 0), 0)),
  );
}
