import { LABELS, type NetworkName } from '../networksOf.js';
import { type LegendEntry } from './Chart.js';

/** How many colours the page has for terms; more than so many lines nobody tells apart. */
const TERM_COLORS = 6;

/** Each network has its colour, the same in every chart; the page defines the variables. */
export function networkLegend(networks: readonly { readonly name: NetworkName }[]): LegendEntry[] {
  return networks.map(({ name }) => ({ label: LABELS[name], color: `var(--${name})` }));
}

/** Colours of loss terms: told apart without red and green. */
export function termLegend(terms: readonly string[]): LegendEntry[] {
  return terms.map((label, i) => ({ label, color: `var(--term${i % TERM_COLORS})` }));
}

/** The encoding that gives what a field says the colour of its legend. */
export function colorBy(field: string, legend: readonly LegendEntry[]) {
  const scale = { domain: legend.map(({ label }) => label), range: legend.map(({ color }) => color) };
  return { field, type: 'nominal', legend: null, scale };
}
