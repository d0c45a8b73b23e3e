import { summarize } from '@tfjs-distill/core';
import { type ClassRow } from '../evaluation/Evaluation.js';
import { type RunRecord } from '../run/RunRecord.js';
import { networksOf } from './networksOf.js';
import { countText, isNumber, percent } from './texts.js';

/** The table by class: samples, then recall and F1 of each network. */
export function classCells(record: RunRecord): string[][] {
  const networks = networksOf(record);
  const rows = networks[0]?.evaluations[0]?.classes ?? [];
  const mean = (
    evaluations: readonly { readonly classes: readonly ClassRow[] }[],
    c: number,
    key: 'recall' | 'f1',
  ) => summarize(evaluations.map(({ classes }) => classes[c]?.[key]).filter(isNumber)).mean;
  return [
    ['class', 'samples', ...networks.flatMap(({ label }) => [`recall, ${label}`, `F1, ${label}`])],
    ...rows.map(({ name, samples }, c) => [
      name,
      countText(samples),
      ...networks.flatMap(({ evaluations }) => [
        percent(mean(evaluations, c, 'recall'), 1),
        percent(mean(evaluations, c, 'f1'), 1),
      ]),
    ]),
  ];
}
