import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { allocate, type Numbers, numbers } from './kernel.js';

/** So many entries, so far apart in memory: 0 repeats an entry, below 0 goes backwards. */
export interface Axis {
  readonly count: number;
  readonly step: number;
}

/** The axes of a tensor as it lies in memory. */
export function axesOf(shape: readonly number[]): Axis[] {
  const strides = [...util.computeStrides([...shape]), 1];
  return shape.map((count, axis) => ({ count, step: strides[axis]! }));
}

/**
 * A tensor of what `axes` find in x from entry `start` on. The caller owns it.
 *
 * @example
 * copyStrided(backend, x, 5, [{ count: 6, step: -1 }], [6]); // a vector of 6 reversed
 */
export function copyStrided(
  backend: BackendWasm,
  x: TensorInfo,
  start: number,
  axes: readonly Axis[],
  shape: readonly number[],
): TensorInfo {
  const out = allocate(backend, shape, x.dtype);
  if (util.sizeFromShape([...shape]) > 0)
    copy(numbers(backend, x), start, joinAxes(axes), numbers(backend, out));
  return out;
}

/** Repeats x along the axes that a larger shape adds or lengthens. The caller owns the result. */
export function broadcastTo(backend: BackendWasm, x: TensorInfo, shape: readonly number[]): TensorInfo {
  const axes = axesOf(x.shape);
  const added = shape.length - axes.length;
  const repeated = shape.map((count, i) =>
    axes[i - added]?.count === count ? axes[i - added]! : { count, step: 0 },
  );
  return copyStrided(backend, x, 0, repeated, shape);
}

/** Axes that lie behind one another without a gap become one, so that the runs to copy are as long as they can be. */
function joinAxes(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = [];
  for (const axis of axes.filter(({ count }) => count > 1)) {
    const outer = joined.at(-1);
    if (outer?.step === axis.step * axis.count) {
      joined[joined.length - 1] = { count: outer.count * axis.count, step: axis.step };
    } else joined.push(axis);
  }
  return joined.length > 0 ? joined : [{ count: 1, step: 1 }];
}

/** Shorter runs are copied faster by a loop than by a call. */
const SHORT_RUN = 48;

function copy(from: Numbers, start: number, axes: readonly Axis[], to: Numbers): void {
  let target = 0;
  const walk = (depth: number, source: number): void => {
    const { count, step } = axes[depth]!;
    if (depth < axes.length - 1) {
      for (let i = 0; i < count; i++) walk(depth + 1, source + i * step);
      return;
    }
    if (step === 1 && count >= SHORT_RUN) to.set(from.subarray(source, source + count), target);
    else for (let i = 0; i < count; i++) to[target + i] = from[source + i * step]!;
    target += count;
  };
  walk(0, start);
}
