import { expected } from './errors.js';
import { type Progress, type Schedule } from './Schedule.js';

/** A schedule that config files can name: it remembers the JSON that makes it again. */
export type NamedSchedule = Schedule & { toJSON(): ScheduleConfig };

/** A schedule as JSON, e.g. `{ type: 'linear', from: 10, to: 1 }`. */
export type ScheduleConfig = { readonly type: ScheduleType } & Readonly<Record<string, number | string>>;

export interface RampOptions {
  /** Value at the start of training. */
  readonly from: number;
  /** Value at the end of training. */
  readonly to: number;
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

/** A straight line: `from + (to − from) · fraction`. `linear({ from: 10, to: 1 })` is 5.5 half-way. */
export const linear = (options: RampOptions): NamedSchedule =>
  named('linear', options, ({ fraction }) => options.from + (options.to - options.from) * fraction);

/**
 * Half a cosine: `to + (from − to) · (1 + cos(π · fraction)) / 2`. `cosine({ from: 1, to: 0 })` is 0.5 half-way.
 *
 * @see Loshchilov, Hutter, "SGDR", https://arxiv.org/abs/1608.03983 (2017)
 */
export const cosine = (options: RampOptions): NamedSchedule =>
  named('cosine', options, ({ fraction }) => {
    const { from, to } = options;
    return to + ((from - to) * (1 + Math.cos(Math.PI * fraction))) / 2;
  });

/** Geometric: `from · (to / from)^fraction`, both above 0. `exponential({ from: 100, to: 1 })` is 10 half-way. */
export function exponential(options: RampOptions): NamedSchedule {
  const { from, to } = options;
  if (!(from > 0 && to > 0))
    throw expected('from, to', 'numbers above 0', [from, to], { where: 'exponential' });
  return named('exponential', options, ({ fraction }) => from * (to / from) ** fraction);
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

/** Every schedule that a config file can name. */
export const SCHEDULES = { constant, linear, cosine, exponential, step, 'warm-up': warmUp } as const;
export type ScheduleType = 'constant' | 'linear' | 'cosine' | 'exponential' | 'step' | 'warm-up';
