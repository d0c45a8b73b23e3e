import type { Element } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { h } from 'hastscript';
import { type Chart, type LegendEntry } from './charts/Chart.js';
import { toSvg } from './charts/toSvg.js';
import { htmlTable } from './htmlTable.js';

/** A chart with its caption, and its numbers as a table for those who do not see it or want to know exactly. */
export async function figure({ title, caption, legend, spec, cells }: Chart): Promise<Element> {
  return h('figure', [
    h('figcaption', [h('h3', title), h('p', caption)]),
    ...(legend.length > 0 ? [legendOf(legend)] : []),
    ...pictureOf(await toSvg(spec), `${title}. ${caption} The numbers are in the table below.`),
    h('details', [h('summary', 'Numbers'), htmlTable(cells, title)]),
  ]);
}

function legendOf(entries: readonly LegendEntry[]): Element {
  const items = entries.map(({ label, color }) =>
    h('li', [h('span.swatch', { style: `background:${color}` }), label]),
  );
  return h('ul.legend', items);
}

/** One picture with one name, in place of Vega's own marks for screen readers: a hundred unnamed groups. */
function pictureOf(svg: string, name: string) {
  const { children } = fromHtml(svg, { fragment: true });
  for (const child of children) {
    if (child.type !== 'element') continue;
    const { width, height, viewBox } = child.properties;
    child.properties = { width, height, viewBox, class: 'chart', role: 'img', ariaLabel: name };
    child.children = [h(null, child.children).children].flat().map(withoutRoles) as typeof child.children;
  }
  return children;
}

function withoutRoles<Node>(node: Node): Node {
  const element = node as { properties?: Record<string, unknown>; children?: unknown[] };
  if (element.properties !== undefined) {
    for (const name of ['role', 'ariaLabel', 'ariaRoleDescription', 'ariaHidden'])
      delete element.properties[name];
  }
  element.children?.forEach(withoutRoles);
  return node;
}
