import { type Optimizer, type Tensor, Variable, variable } from '@tensorflow/tfjs-core';
import { learningRateOf, setLearningRate } from '../plugins/learningRate.js';
import { type State, type StateValue } from './State.js';

/** Moments and the like, one a variable, as the optimizers of tf.train keep them. */
interface Slot {
  readonly originalName: string;
  readonly variable: Variable;
}

type Fields = Record<string, unknown> & { iterations_?: number };

/**
 * Everything an optimizer of tf.train has gathered: its moments, in the variables' order, its counters and its
 * learning rate. `getWeights` of the optimizers leaves out the powers of beta, and computes them anew, rounded in
 * another way.
 *
 * @returns Its tensors are the optimizer's own.
 */
export function optimizerState(optimizer: Optimizer): State {
  const fields = optimizer as unknown as Fields;
  const entries = Object.entries(fields).flatMap(([key, value]): [string, StateValue][] => {
    if (value instanceof Variable) return [[key, value]];
    if (isSlots(value)) return [[key, value.map((slot) => slot.variable)]];
    return [];
  });
  const iterations = fields.iterations_ ?? 0;
  return {
    settings: settingsOf(optimizer),
    variables: Object.fromEntries(entries),
    iterations,
    learningRate: learningRateOf(optimizer),
  };
}

/** Kind and settings of an optimizer, without the learning rate, which schedules move. */
export function settingsOf(optimizer: Optimizer): State {
  const { learningRate: _, ...settings } = optimizer.getConfig() as Record<string, StateValue>;
  return { type: optimizer.getClassName(), ...settings };
}

/** Puts back what `optimizerState` gave, also into an optimizer that has not made a step. The tensors stay the caller's. */
export function restoreOptimizer(optimizer: Optimizer, state: State): void {
  const fields = optimizer as unknown as Fields;
  for (const [key, saved] of Object.entries(state['variables'] as State)) {
    const held = fields[key];
    if (held instanceof Variable) held.assign(saved as Tensor);
    else fields[key] = slotsOf(key, saved as readonly Tensor[], (held as readonly Slot[] | undefined) ?? []);
  }
  fields.iterations_ = state['iterations'] as number;
  if (typeof state['learningRate'] === 'number') setLearningRate(optimizer, state['learningRate']);
}

function slotsOf(key: string, values: readonly Tensor[], old: readonly Slot[]): Slot[] {
  for (const slot of old) slot.variable.dispose();
  return values.map((value, i) => ({
    originalName: old[i]?.originalName ?? `${i}/${key}`,
    variable: variable(value, false),
  }));
}

function isSlots(value: unknown): value is readonly Slot[] {
  return (
    Array.isArray(value) && value.every((slot: Partial<Slot> | null) => slot?.variable instanceof Variable)
  );
}
