import {
  type TensorInfo,
  UnsortedSegmentSum,
  type UnsortedSegmentSumAttrs,
  type UnsortedSegmentSumInputs,
  util,
} from '@tensorflow/tfjs-core';
import { allocate, type KernelCall, numbers, wasmKernel } from './kernel.js';

export const unsortedSegmentSum = wasmKernel(UnsortedSegmentSum, segmentSum);

/** Adds row i of x to row `segmentIds[i]` of the result; an id out of range is left out. The gradient of gather. */
function segmentSum({
  inputs,
  attrs,
  backend,
}: KernelCall<UnsortedSegmentSumInputs, UnsortedSegmentSumAttrs>): TensorInfo {
  const { x, segmentIds } = inputs;
  const { numSegments } = attrs;
  const [rows = 1, ...rowShape] = x.shape;
  const width = util.sizeFromShape(rowShape);
  const out = allocate(backend, [numSegments, ...rowShape], x.dtype);
  const sums = numbers(backend, out).fill(0);
  const values = numbers(backend, x);
  const ids = numbers(backend, segmentIds);
  for (let row = 0; row < rows; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numSegments) continue;
    for (let i = 0; i < width; i++) sums[id * width + i]! += values[row * width + i]!;
  }
  return out;
}
