import { expected } from './errors.js';

/** How far training has come. Everything a schedule may depend on. */
export interface Progress {
  /** Epoch number, from 0. */
  readonly epoch: number;
  /** Planned number of epochs; `undefined` in a loop that did not say. */
  readonly epochs: number | undefined;
  /** Step within the epoch, from 0. */
  readonly step: number;
  /** Steps since training began, from 0. */
  readonly globalStep: number;
  /** Part of the training that is done, 0 to 1; by epochs where the steps of an epoch are unknown. */
  readonly fraction: number;
}

/**
 * A number that changes while training runs. Called at every step, so it has to be pure and cheap.
 *
 * @example
 * const temperature: Schedule = ({ fraction }) => 10 - 9 * fraction; // 10 at the start, 1 at the end
 */
export type Schedule = (progress: Progress) => number;

/** A numeric setting: fixed, or a schedule. Temperature, weights and learning rate are knobs. */
export type Knob = number | Schedule;

/** Value of a knob now. Throws where a schedule gives something that is no finite number. */
export function valueOf(knob: Knob, progress: Progress, name = 'schedule'): number {
  if (typeof knob === 'number') return knob;
  const value = knob(progress);
  if (!Number.isFinite(value)) {
    throw expected(name, 'a schedule of finite numbers', value, {
      where: `epoch ${progress.epoch}, step ${progress.step}`,
    });
  }
  return value;
}

/** A knob computed from another: stays a number if that is one. */
export function mapKnob(knob: Knob, f: (value: number) => number): Knob {
  return typeof knob === 'number' ? f(knob) : (progress) => f(knob(progress));
}
