import { h } from 'hastscript';

/** A table that scrolls by itself where it is too wide: heads, then rows that begin with their name. */
export function htmlTable(
  [heads = [], ...rows]: readonly (readonly string[])[],
  name: string,
  kind?: string,
) {
  return h('div.wide', { tabIndex: 0, role: 'region', ariaLabel: name }, [
    h('table', { ariaLabel: name, class: kind }, [
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
