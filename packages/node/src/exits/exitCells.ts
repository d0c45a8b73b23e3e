import { type ExitPoint } from '@tfjs-distill/core';
import { percent } from '../report/texts.js';
import { type ExitsReport } from './reportExits.js';

/** Heads, then a row for every exit, the deepest classifier and the ensemble. */
export function rowCells({ rows }: ExitsReport): string[][] {
  const heads = ['classifier', 'cost', 'accuracy', 'loss', 'calibration error'];
  const cells = rows.map(({ name, cost, accuracy, loss, ece }) => [
    name,
    percent(cost, 1),
    percent(accuracy),
    loss.toFixed(4),
    percent(ece, 1),
  ]);
  return [heads, ...cells];
}

/** Heads, then some points of the curve, the chosen one among them. */
export function curveCells({ rows, curve, chosen }: ExitsReport, most = 12): string[][] {
  const every = Math.max(1, Math.ceil((curve.length - 1) / (most - 2)));
  const shown = curve.filter((point, i) => i % every === 0 || i === curve.length - 1 || point === chosen);
  const heads = rows.slice(0, -1).map(({ name }) => `left at ${name}`);
  return [['threshold', 'accuracy', 'mean cost', ...heads], ...shown.map(pointCells)];
}

export function pointCells({ threshold, accuracy, cost, shares }: ExitPoint): string[] {
  return [
    threshold.toFixed(6),
    percent(accuracy),
    percent(cost, 1),
    ...shares.map((share) => percent(share, 1)),
  ];
}

/** The choice in one sentence. */
export function exitFinding({ wanted, chosen, curve }: ExitsReport): string {
  const whole = curve.at(-1) as ExitPoint;
  return (
    `For an accuracy of ${percent(wanted)}: threshold ${chosen.threshold.toPrecision(9)}, which gives ${percent(chosen.accuracy)} ` +
    `for ${percent(chosen.cost, 1)} of the operations; the whole model gives ${percent(whole.accuracy)}.`
  );
}
