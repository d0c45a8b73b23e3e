import { fromHtml } from 'hast-util-from-html';
import { toHtml } from 'hast-util-to-html';
import { h } from 'hastscript';
import { accuracyChart, lossChart } from './charts.js';
import { finding, legend, type Results, tableCells } from './results.js';
import { type Training } from './settings.js';

/** The report as one page that needs nothing else: table, curves, settings. Light and dark. */
export async function reportPage(results: Results): Promise<string> {
  const charts = [await accuracyChart(results), await lossChart(results)];
  const title = 'Distilling MNIST';
  const page = h('html', { lang: 'en' }, [
    h('head', [
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('title', title),
      h('style', STYLE),
    ]),
    h('body', [
      h('h1', title),
      h('p.finding', finding(results)),
      cellsTable(tableCells(results)),
      h('p.note', legend(results)),
      h(
        'div.charts',
        charts.map((svg) => h('figure', fromHtml(svg, { fragment: true }))),
      ),
      h('p.note', 'Every network is the one of its last step: no step was picked by the test images.'),
      h('h2', 'Settings'),
      cellsTable(settingCells(results)),
      h(
        'p.note',
        `${results.engine}, Node ${results.node}, ${results.date}, ${results.seconds.toFixed(0)} s in all.`,
      ),
    ]),
  ]);
  return `<!doctype html>\n${toHtml(page)}\n`;
}

function cellsTable([heads = [], ...rows]: readonly (readonly string[])[]) {
  return h('div.wide', [
    h('table', [
      h(
        'thead',
        h(
          'tr',
          heads.map((head) => h('th', { scope: 'col' }, head)),
        ),
      ),
      h(
        'tbody',
        rows.map(([name, ...cells]) =>
          h('tr', [h('th', { scope: 'row' }, name), ...cells.map((cell) => h('td', cell))]),
        ),
      ),
    ]),
  ]);
}

function settingCells({ settings, seeds, testImages }: Results): string[][] {
  const { labels, images, temperature, alpha, alone, distilled } = settings;
  return [
    ['', 'alone', 'distilled'],
    ['images with a label', labels.toLocaleString('en'), labels.toLocaleString('en')],
    ['images with soft targets', '0', images.toLocaleString('en')],
    ['temperature, alpha', '', `${temperature}, ${alpha}`],
    ['epochs × batch', ...[alone, distilled].map(({ epochs, batchSize }) => `${epochs} × ${batchSize}`)],
    ['learning rate (Adam)', ...[alone, distilled].map(rate)],
    ['augmentation', ...[alone, distilled].map(augmentation)],
    ['seeds', seeds.join(', '), seeds.join(', ')],
    ['test images', testImages.toLocaleString('en'), testImages.toLocaleString('en')],
  ];
}

function rate({ learningRate, warmUp }: Training): string {
  return warmUp === undefined ? String(learningRate) : `${learningRate}, falling by half a cosine`;
}

function augmentation({ augment }: Training): string {
  if (augment === undefined) return 'none';
  const { shift = 0, rotate = 0, scale = 0 } = augment;
  return `shift ±${shift} px, rotation ±${rotate}°, scale ±${100 * scale} %`;
}

const STYLE = `
:root { color-scheme: light dark; --text: #1c1e21; --muted: #5c6370; --line: #d9dce1; --page: #fff;
  --alone: #c2571a; --distilled: #1668b8; --teacher: #5c6370; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --muted: #9aa3af; --line: #3a3f47; --page: #15181c;
  --alone: #f0945a; --distilled: #6cb2f5; --teacher: #9aa3af; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 64rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.finding { font-size: 1.1rem; } .note { color: var(--muted); font-size: .9rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left;
  font-variant-numeric: tabular-nums; }
thead th { color: var(--muted); font-weight: 500; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 1.5rem 0 0; max-width: 100%; }
svg { max-width: 100%; height: auto; }
`;
