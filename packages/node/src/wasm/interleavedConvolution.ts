import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvInfo } from './convolution.js';
import { allocate, dispose, floats } from './kernel.js';

/** Along one axis: the pixels `start, start + stride, …`, and the convolution of dy that gives their gradient. */
export interface Phase {
  readonly start: number;
  readonly stride: number;
  readonly pixels: number;
  /** It takes the kernel positions `firstTap, firstTap + stride, …`, */
  readonly firstTap: number;
  readonly taps: number;
  /** pads dy by so many zeros, */
  readonly before: number;
  readonly after: number;
  /** and gives so many results, the first few of which lie before the first pixel. */
  readonly results: number;
  readonly skip: number;
}

/**
 * The gradient of a convolution by its input, made of convolutions of dy without stride.
 *
 * At stride 1 that is one convolution, with the kernel turned by 180°. At stride s a pixel `s·q + start` meets every
 * s-th kernel position only, so each of the s × s choices of `start` has a convolution of its own, with a part of
 * the kernel; their results interleave. No product has a factor that is 0 because of the stride.
 *
 * @param convolve Convolves dy, padded as the phases say, with the kernel positions that they name, last one first.
 * @returns A tensor of `info.inShape`, owned by the caller.
 */
export function interleavedConvolution(
  backend: BackendWasm,
  info: ConvInfo,
  convolve: (row: Phase, column: Phase) => TensorInfo,
): TensorInfo {
  const { inHeight, inWidth, padInfo, outHeight, outWidth } = info;
  const rows = phases(info.effectiveFilterHeight, info.strideHeight, padInfo.top, inHeight, outHeight);
  const columns = phases(info.effectiveFilterWidth, info.strideWidth, padInfo.left, inWidth, outWidth);
  if (isWhole(rows, inHeight) && isWhole(columns, inWidth)) return convolve(rows[0]!, columns[0]!);
  const dx = allocate(backend, info.inShape);
  floats(backend, dx).fill(0);
  for (const row of rows) {
    for (const column of columns) {
      const part = convolve(row, column);
      interleave(floats(backend, part), floats(backend, dx), info, row, column);
      dispose(backend, part);
    }
  }
  return dx;
}

/**
 * Output o meets pixel `stride·q + start` under kernel position `stride·q + start + pad − stride·o`. So with
 * `start + pad = stride·offset + firstTap`, tap j, at `firstTap + stride·j`, meets output `q + offset − j`.
 * Phases that meet no kernel position are left out: their pixels have no gradient.
 */
function phases(kernel: number, stride: number, pad: number, size: number, outSize: number): Phase[] {
  return Array.from({ length: Math.min(stride, size) }, (_, start) => {
    const offset = Math.floor((start + pad) / stride);
    const firstTap = (start + pad) % stride;
    const taps = Math.max(0, Math.ceil((kernel - firstTap) / stride));
    const pixels = Math.ceil((size - start) / stride);
    const before = Math.max(0, taps - 1 - offset);
    const after = Math.max(0, pixels + offset - outSize);
    const results = outSize + before + after - taps + 1;
    return {
      start,
      stride,
      pixels,
      firstTap,
      taps,
      before,
      after,
      results,
      skip: Math.max(0, offset - taps + 1),
    };
  }).filter(({ taps }) => taps > 0);
}

/** Whether one convolution gives exactly the axis. */
function isWhole([phase, ...others]: readonly Phase[], size: number): boolean {
  return phase?.pixels === size && phase.results === size && others.length === 0;
}

function interleave(part: Float32Array, dx: Float32Array, info: ConvInfo, row: Phase, column: Phase): void {
  const { batchSize, inHeight, inWidth, inChannels } = info;
  const step = column.stride * inChannels;
  for (let image = 0; image < batchSize; image++) {
    for (let i = 0; i < row.pixels; i++) {
      let source = ((image * row.results + row.skip + i) * column.results + column.skip) * inChannels;
      const inRow = image * inHeight + row.start + i * row.stride;
      let target = (inRow * inWidth + column.start) * inChannels;
      for (let j = 0; j < column.pixels; j++, target += step) {
        for (let channel = 0; channel < inChannels; channel++) dx[target + channel] = part[source++]!;
      }
    }
  }
}

/** The attributes of a convolution of dy for two phases. */
export function phaseAttrs(row: Phase, column: Phase) {
  const pad = [
    [0, 0],
    [row.before, row.after],
    [column.before, column.after],
    [0, 0],
  ];
  return { strides: 1, dilations: 1, pad, dataFormat: 'NHWC' };
}
