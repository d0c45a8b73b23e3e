import { expected } from './errors.js';
import { type Progress, type Schedule } from './Schedule.js';

/** A schedule that config files can name: it remembers the JSON that makes it again. */
export type NamedSchedule = Schedule & { toJSON(): ScheduleConfig };

/** A schedule as JSON, e.g. `{ type: 'linear', from: 10, to: 1 }`. */
export type ScheduleConfig = { readonly type: ScheduleType } & Readonly<
  Record<string, number | string | undefined>
>;

export interface RampOptions {
  /** Value at the start of training, or after the warm-up. */
  readonly from: number;
  /** Value at the end of training. */
  readonly to: number;
  /** Part of the training, from 0 below 1, that first rises in a straight line from 0 to `from`. Default 0. */
  readonly warmUp?: number | undefined;
}

export interface AnnealingOptions {
  /** Value of the first epoch. Default 5. */
  readonly from?: number | undefined;
  /** What it comes down to. Default 1. */
  readonly to?: number | undefined;
}

export interface StepOptions {
  /** Value of the first epochs. */
  readonly from: number;
  /** Epochs between two drops, ≥ 1. */
  readonly every: number;
  /** Factor at each drop, e.g. 0.1. */
  readonly factor: number;
}

export interface WarmUpOptions {
  /** Value after the warm-up. */
  readonly to: number;
  /** Part of the training that the warm-up takes, 0 < part ≤ 1. */
  readonly part: number;
}

const named = (type: ScheduleType, options: object, schedule: Schedule): NamedSchedule =>
  Object.assign(schedule, { toJSON: () => ({ type, ...options }) });

/** The same value throughout. `constant({ value: 4 })` is 4 everywhere. */
export const constant = (options: { readonly value: number }): NamedSchedule =>
  named('constant', options, () => options.value);

/** A schedule of the way from `from` to `to`, after the warm-up if there is one. */
function ramp(type: ScheduleType, options: RampOptions, at: (part: number) => number): NamedSchedule {
  const { from, warmUp = 0 } = options;
  if (!(warmUp >= 0 && warmUp < 1)) throw expected('warmUp', 'from 0, below 1', warmUp, { where: type });
  return named(type, options, ({ fraction }) =>
    fraction < warmUp ? (from * fraction) / warmUp : at((fraction - warmUp) / (1 - warmUp)),
  );
}

/** A straight line: `from + (to − from) · fraction`. `linear({ from: 10, to: 1 })` is 5.5 half-way. */
export const linear = (options: RampOptions): NamedSchedule =>
  ramp('linear', options, (part) => options.from + (options.to - options.from) * part);

/**
 * Half a cosine: `to + (from − to) · (1 + cos(π · fraction)) / 2`. `cosine({ from: 1, to: 0 })` is 0.5 half-way;
 * with `warmUp: 0.1` it rises from 0 to 1 during the first tenth.
 *
 * @see Loshchilov, Hutter, "SGDR", https://arxiv.org/abs/1608.03983 (2017)
 */
export const cosine = (options: RampOptions): NamedSchedule =>
  ramp('cosine', options, (part) => {
    const { from, to } = options;
    return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
  });

/** Geometric: `from · (to / from)^fraction`, both above 0. `exponential({ from: 100, to: 1 })` is 10 half-way. */
export function exponential(options: RampOptions): NamedSchedule {
  const { from, to } = options;
  if (!(from > 0 && to > 0))
    throw expected('from, to', 'numbers above 0', [from, to], { where: 'exponential' });
  return ramp('exponential', options, (part) => from * (to / from) ** part);
}

/** Drops by epochs: `from · factor^⌊epoch / every⌋`. `step({ from: 1, every: 10, factor: 0.1 })` is 0.1 in epoch 10. */
export function step(options: StepOptions): NamedSchedule {
  const { from, every, factor } = options;
  if (!(every >= 1)) throw expected('every', 'a number of epochs, 1 or more', every, { where: 'step' });
  return named('step', options, ({ epoch }: Progress) => from * factor ** Math.floor(epoch / every));
}

/** A straight rise from 0 to `to` during the first `part` of the training, then flat. */
export function warmUp(options: WarmUpOptions): NamedSchedule {
  const { to, part } = options;
  if (!(part > 0 && part <= 1)) throw expected('part', 'above 0, at most 1', part, { where: 'warmUp' });
  return named('warm-up', options, ({ fraction }) => to * Math.min(1, fraction / part));
}

/**
 * Comes down by whole epochs: `to + (from − to) · (1 − epoch / epochs)`; by default `1 + 4 · (1 − epoch / epochs)`,
 * the usual temperature annealing. The last epoch is one step above `to`.
 *
 * `annealing()` over 4 epochs is 5, 4, 3, 2.
 */
export function annealing(options: AnnealingOptions = {}): NamedSchedule {
  const { from = 5, to = 1 } = options;
  return named('annealing', options, ({ epoch, epochs }) => {
    return to + (from - to) * (epochs === undefined ? 1 : 1 - epoch / epochs);
  });
}

/** Every schedule that a config file can name. */
export const SCHEDULES = {
  constant,
  linear,
  cosine,
  exponential,
  step,
  'warm-up': warmUp,
  annealing,
} as const;
export type ScheduleType =
  'constant' | 'linear' | 'cosine' | 'exponential' | 'step' | 'warm-up' | 'annealing';
