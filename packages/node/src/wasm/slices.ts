import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend_util,
  Slice,
  slice_util,
  type SliceAttrs,
  type SliceInputs,
  SplitV,
  type SplitVAttrs,
  type SplitVInputs,
  StridedSlice,
  type StridedSliceAttrs,
  type StridedSliceInputs,
  type TensorInfo,
  Unpack,
  type UnpackAttrs,
  type UnpackInputs,
  util,
} from '@tensorflow/tfjs-core';
import { axesOf, copyStrided } from './copyStrided.js';
import { wrappedKernel } from './kernel.js';

/** The stock kernel copies all of x off the heap before it takes its part: a batch costs as much as a data set. */
export const slice = wrappedKernel<SliceInputs, SliceAttrs>(Slice, (call, stock) => {
  const { inputs, attrs, backend } = call;
  if (inputs.x.dtype === 'string') return stock(call);
  const [begin = [], size = []] = slice_util.parseSliceParams(inputs.x, attrs.begin, attrs.size);
  return take(backend, inputs.x, { start: begin, size });
});

/** The stock kernel loops over coordinates (32 × 14 × 14 × 16: 5 ms, here 0.1 ms) and calls integers floats. */
export const stridedSlice = wrappedKernel<StridedSliceInputs, StridedSliceAttrs>(
  StridedSlice,
  (call, stock) => {
    const { inputs, attrs, backend } = call;
    if (inputs.x.dtype === 'string') return stock(call);
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
    const info = slice_util.sliceInfo(
      inputs.x.shape,
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    const size = info.begin.map((at, axis) =>
      Math.max(0, Math.ceil((info.end[axis]! - at) / info.strides[axis]!)),
    );
    return take(backend, inputs.x, { start: info.begin, size, steps: info.strides, shape: info.finalShape });
  },
);

/** Stock: one slice per part, each of which copies all of x. The gates of an LSTM are such parts. */
export const splitV = wrappedKernel<SplitVInputs, SplitVAttrs, TensorInfo[]>(SplitV, (call, stock) => {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  if (x.dtype === 'string') return stock(call);
  const axis = util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const start = x.shape.map(() => 0);
  return backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis).map((count) => {
    const part = take(backend, x, { start, size: x.shape.with(axis, count) });
    start[axis]! += count;
    return part;
  });
});

/** Stock: one slice per entry, each of which copies all of x. The time steps of a sequence are such entries. */
export const unpack = wrappedKernel<UnpackInputs, UnpackAttrs, TensorInfo[]>(Unpack, (call, stock) => {
  const { inputs, attrs, backend } = call;
  const { value } = inputs;
  if (value.dtype === 'string') return stock(call);
  const axis = util.parseAxisParam(attrs.axis, value.shape)[0]!;
  const size = value.shape.with(axis, 1);
  const shape = value.shape.toSpliced(axis, 1);
  const origin = size.map(() => 0);
  return Array.from({ length: value.shape[axis]! }, (_, i) =>
    take(backend, value, { start: origin.with(axis, i), size, shape }),
  );
});

/** The entries `start[axis] + i · steps[axis]`, i in `0 … size[axis] − 1`, along every axis, 1 step unless given. */
interface Part {
  readonly start: readonly number[];
  readonly size: readonly number[];
  readonly steps?: readonly number[];
  /** The shape of the result, `size` unless given. */
  readonly shape?: readonly number[];
}

function take(
  backend: BackendWasm,
  x: TensorInfo,
  { start, size, steps = [], shape = size }: Part,
): TensorInfo {
  const axes = axesOf(x.shape);
  const first = start.reduce((sum, at, axis) => sum + at * axes[axis]!.step, 0);
  const taken = size.map((count, axis) => ({ count, step: (steps[axis] ?? 1) * axes[axis]!.step }));
  return copyStrided(backend, x, first, taken, shape);
}
