import { DistillError, expected } from '../errors.js';
import { type ExitFacts } from './exitFacts.js';

/** What early exits give at one threshold. */
export interface ExitPoint {
  /** For `predictEarlyExit`. */
  readonly threshold: number;
  /** Share answered right. */
  readonly accuracy: number;
  /** Mean cost of a sample, as a share of the model without exits. */
  readonly cost: number;
  /** Share of the samples that leave at each exit, the deepest last. */
  readonly shares: readonly number[];
}

export interface ExitCalibration {
  /** By rising threshold; the last one is 1, the whole model. */
  readonly curve: readonly ExitPoint[];
  /** The cheapest point that is accurate enough. */
  readonly chosen: ExitPoint;
}

export interface CalibrateOptions {
  /** Accuracy wanted, 0 to 1. Default: the whole model's. */
  readonly accuracy?: number;
  /** How many thresholds to try. Default 100. */
  readonly steps?: number;
}

const WHERE = 'calibrateExits';

/**
 * Accuracy against mean cost over all thresholds, and the cheapest threshold that is accurate enough.
 *
 * A pure function of what the exits said of validation samples: nothing runs again. The thresholds tried are quantiles of
 * the exits' own confidences, for networks are sure of nearly everything they say.
 *
 * @throws DistillError if no threshold is that accurate: it names the best there is.
 *
 * @example
 * const { chosen } = calibrateExits(await exitFacts(student, validation), { accuracy: 0.98 });
 * await earlyExit(student).predictEarlyExit(x, chosen);
 */
export function calibrateExits(facts: ExitFacts, options: CalibrateOptions = {}): ExitCalibration {
  const { steps = 100 } = options;
  if (!(Number.isInteger(steps) && steps > 0))
    throw expected('steps', 'a whole number above 0', steps, { where: WHERE });
  const curve = thresholdsOf(facts, steps).map((threshold) => exitPoint(facts, threshold));
  const whole = exitPoint(facts, 1);
  return {
    curve: [...curve, whole],
    chosen: cheapest([...curve, whole], options.accuracy ?? whole.accuracy),
  };
}

/**
 * What `predictEarlyExit` would give at a threshold.
 *
 * @example
 * exitPoint(facts, 0.9); // { threshold: 0.9, accuracy: 0.981, cost: 0.42, shares: [0.55, 0.3, 0.15] }
 */
export function exitPoint({ exits, samples }: ExitFacts, threshold: number): ExitPoint {
  const deepest = exits.length - 1;
  const early = threshold < 1;
  const leftBy = exits.map(() => 0);
  let right = 0;
  for (let i = 0; i < samples; i++) {
    const sure = exits.findIndex(({ confidences }) => (confidences[i] ?? 0) >= threshold);
    const exit = early && sure >= 0 ? sure : deepest;
    leftBy[exit] = (leftBy[exit] ?? 0) + 1;
    if (exits[exit]?.correct[i]) right++;
  }
  const shares = leftBy.map((count) => count / samples);
  const cost = early ? shares.reduce((sum, share, exit) => sum + share * (exits[exit]?.cost ?? 1), 0) : 1;
  return { threshold, accuracy: right / samples, cost, shares };
}

/** Quantiles below 1 of all confidences before the deepest classifier, from the lowest. */
function thresholdsOf({ exits }: ExitFacts, steps: number): number[] {
  const sorted = exits
    .slice(0, -1)
    .flatMap(({ confidences }) => confidences)
    .sort((a, b) => a - b);
  const quantiles = Array.from(
    { length: steps },
    (_, i) => sorted[Math.floor((i * sorted.length) / steps)] ?? 0,
  );
  return [...new Set(quantiles)].filter((threshold) => threshold < 1);
}

function cheapest(curve: readonly ExitPoint[], accuracy: number): ExitPoint {
  if (!(accuracy >= 0 && accuracy <= 1))
    throw expected('accuracy', 'a number from 0 to 1', accuracy, { where: WHERE });
  const good = curve.filter((point) => point.accuracy >= accuracy);
  const [first, ...others] = good;
  if (first !== undefined)
    return others.reduce((best, point) => (point.cost < best.cost ? point : best), first);
  const best = curve.reduce((top, point) => (point.accuracy > top.accuracy ? point : top));
  throw new DistillError('OPTION', `No threshold gives an accuracy of ${accuracy}.`, {
    where: WHERE,
    hint: `The best is ${best.accuracy.toFixed(4)}, at threshold ${best.threshold.toFixed(4)}.`,
  });
}
