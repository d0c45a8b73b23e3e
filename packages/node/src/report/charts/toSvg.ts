import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Draws a chart. Its colours are the page's own variables, so that it follows the page's light and dark. */
export async function toSvg(spec: object): Promise<string> {
  const { spec: vega } = compile({ ...sizeOf(spec), config: CONFIG, ...spec } as TopLevelSpec);
  const view = new View(parse(vega), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Labels count too, so that a phone shows letters of one size in every chart; rows of charts cannot be fitted. */
function sizeOf(spec: object): object {
  const autosize = 'facet' in spec ? {} : { autosize: { type: 'fit', contains: 'padding' } };
  return { width: 380, height: 270, ...autosize };
}

const CONFIG = {
  background: 'transparent',
  font: 'inherit',
  view: { stroke: null },
  axis: {
    labelColor: 'var(--muted)',
    titleColor: 'var(--muted)',
    gridColor: 'var(--line)',
    domainColor: 'var(--line)',
    tickColor: 'var(--line)',
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
  },
  header: { labelColor: 'var(--text)', labelFontSize: 12 },
  text: { color: 'var(--text)', fontSize: 12 },
};
