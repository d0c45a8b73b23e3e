import type { Element } from 'hast';
import { toHtml } from 'hast-util-to-html';
import { h } from 'hastscript';
import { STYLE } from './style.js';

/**
 * A page that needs nothing else: no script, no font, no address. Follows the reader's light or dark, fits a phone.
 *
 * @param title What a browser's tab shows.
 * @example htmlPage('Exits', [h('h1', 'Exits')]); // '<!doctype html>\n<html lang="en">…'
 */
export function htmlPage(title: string, content: readonly Element[]): string {
  const page = h('html', { lang: 'en' }, [
    h('head', [
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('link', { rel: 'icon', href: 'data:,' }),
      h('title', title),
      h('style', STYLE),
    ]),
    h('body', [h('main', [...content])]),
  ]);
  return `<!doctype html>\n${toHtml(page)}\n`;
}
