import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { NETWORKS, type Results } from './results.js';

/** Accuracy on the test images while the students learn, and the teacher's as a line to reach. */
export function accuracyChart(results: Results): Promise<string> {
  const rows = curveRows(results);
  const lowest = Math.min(...rows.map(({ accuracy }) => accuracy));
  const y = { type: 'quantitative', title: 'test accuracy', axis: { format: '.1%' } } as const;
  const scale = { domain: [Math.max(0, lowest - 0.005), 1] };
  return toSvg({
    title: 'Accuracy on the test images',
    layer: [
      {
        data: { values: [{ accuracy: results.teacher.accuracy, network: NETWORKS.teacher }] },
        mark: { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.5 },
        encoding: { y: { field: 'accuracy', ...y, scale }, color },
      },
      {
        data: { values: rows },
        mark: { type: 'line', point: true },
        encoding: { x: imagesSeen, y: { field: 'accuracy', ...y, scale }, color, detail: { field: 'seed' } },
      },
    ],
  });
}

/** The loss that each student minimizes. The two are different sums: compare their shapes, not their heights. */
export function lossChart(results: Results): Promise<string> {
  return toSvg({
    title: 'Minimized loss',
    data: { values: curveRows(results) },
    mark: { type: 'line', point: true },
    encoding: {
      x: imagesSeen,
      y: {
        field: 'loss',
        type: 'quantitative',
        title: 'mean loss',
        scale: { type: 'log' },
        axis: { tickCount: 4 },
      },
      color: students,
      detail: { field: 'seed' },
    },
  });
}

const imagesSeen = {
  field: 'images',
  type: 'quantitative',
  title: 'images seen',
  axis: { format: '~s' },
} as const;

/** Colours in the order of the legend. */
const colorOf = (...networks: readonly (keyof typeof NETWORKS)[]) => ({
  field: 'network',
  type: 'nominal',
  title: null,
  scale: {
    domain: networks.map((name) => NETWORKS[name]),
    range: networks.map((name) => `var(--${name})`), // the page's own, so that they follow its light and dark
  },
  legend: { orient: 'bottom' },
});
const students = colorOf('alone', 'distilled');
const color = colorOf('alone', 'distilled', 'teacher');

function curveRows({ curves }: Results) {
  return curves.flatMap(({ network, seed, points }) =>
    points.map((point) => ({ ...point, seed, network: NETWORKS[network] })),
  );
}

async function toSvg(spec: object): Promise<string> {
  const config = {
    background: 'transparent',
    font: 'inherit',
    view: { stroke: null },
    title: { color: 'var(--text)', anchor: 'start', fontSize: 14 },
    axis: {
      labelColor: 'var(--muted)',
      titleColor: 'var(--muted)',
      gridColor: 'var(--line)',
      domainColor: 'var(--line)',
      tickColor: 'var(--line)',
    },
    legend: { labelColor: 'var(--text)' },
  };
  const { spec: vega } = compile({ width: 385, height: 250, config, ...spec } as TopLevelSpec);
  return new View(parse(vega), { renderer: 'none' }).toSVG();
}
