import { keep, Tensor } from '@tensorflow/tfjs-core';
import { shareTensor } from '../shareTensor.js';
import { type State, type StateValue } from './State.js';

/** A copy of a state with another value in place of each tensor; `path` is where the tensor is, e.g. `student.0`. */
export function mapState(
  state: State,
  f: (tensor: Tensor, path: string) => StateValue,
  path: readonly string[] = [],
): State {
  const map = (value: StateValue, place: readonly string[]): StateValue => {
    if (value instanceof Tensor) return f(value, place.join('.'));
    if (isList(value)) return value.map((item, i) => map(item, [...place, String(i)]));
    if (typeof value === 'object' && value !== null) return mapState(value, f, place);
    return value;
  };
  return Object.fromEntries(Object.entries(state).map(([key, value]) => [key, map(value, [...path, key])]));
}

/**
 * A state whose tensors are the caller's: they share the data of the given ones, so nothing is copied, and stay
 * as they are when those are assigned to or disposed.
 */
export function shareState(state: State): State {
  return mapState(state, (tensor) => keep(shareTensor(tensor)));
}

/** Frees the tensors of a state. */
export function disposeState(state: State): void {
  mapState(state, (tensor) => {
    tensor.dispose();
    return null;
  });
}

function isList(value: StateValue): value is readonly StateValue[] {
  return Array.isArray(value);
}
