import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend_util,
  Conv3DBackpropFilterV2,
  type Conv3DBackpropFilterV2Attrs,
  type Conv3DBackpropFilterV2Inputs,
  Conv3DBackpropInputV2,
  type Conv3DBackpropInputV2Attrs,
  type Conv3DBackpropInputV2Inputs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { addTo, allocate, dispose, floats, type KernelCall, matMul, reshaped, wasmKernel } from './kernel.js';
import { transpose2d } from './transpose2d.js';

type FilterCall = KernelCall<Conv3DBackpropFilterV2Inputs, Conv3DBackpropFilterV2Attrs>;
type InputCall = KernelCall<Conv3DBackpropInputV2Inputs, Conv3DBackpropInputV2Attrs>;
type Shape5D = [number, number, number, number, number];

/**
 * Gradient of a convolution over volumes by its filter: what every kernel position sees, times dy, volume by volume.
 * The stock kernel (4.22) gives wrong numbers for a stride above 1.
 */
export const conv3dBackpropFilter = wasmKernel(Conv3DBackpropFilterV2, backpropFilter);

/**
 * Gradient of a convolution over volumes by its input: `dy · filterᵀ`, every entry added to the voxel that it meets,
 * volume by volume. The stock kernel (4.22) gives wrong numbers, whatever the sizes.
 */
export const conv3dBackpropInput = wasmKernel(Conv3DBackpropInputV2, backpropInput);

function backpropFilter({ inputs, attrs, backend }: FilterCall): TensorInfo {
  const { strides, pad, filterShape } = attrs;
  const info = backend_util.computeConv3DInfo(inputs.x.shape as Shape5D, filterShape, strides, 1, pad);
  const { entries, outputs, voxels } = sizesOf(info);
  const { inChannels, outChannels } = info;
  const dw = allocate(backend, filterShape);
  floats(backend, dw).fill(0);
  for (let volume = 0; volume < info.batchSize; volume++) {
    const seen = allocate(backend, [1, entries, outputs]);
    const above = part(backend, inputs.dy, volume, [1, outputs, outChannels]);
    const columns = floats(backend, seen).fill(0);
    const x = floats(backend, inputs.x);
    eachMeeting(info, (voxel, tap, output) => {
      const source = (volume * voxels + voxel) * inChannels;
      for (let channel = 0; channel < inChannels; channel++) {
        columns[(tap * inChannels + channel) * outputs + output] = x[source + channel]!;
      }
    });
    const product = matMul(backend, seen, above);
    addTo(floats(backend, dw), floats(backend, product));
    dispose(backend, seen, above, product);
  }
  return dw;
}

function backpropInput({ inputs, attrs, backend }: InputCall): TensorInfo {
  const { strides, pad, inputShape } = attrs;
  const info = backend_util.computeConv3DInfo(inputShape, inputs.filter.shape as Shape5D, strides, 1, pad);
  const { entries, outputs, voxels, taps } = sizesOf(info);
  const { inChannels, outChannels } = info;
  const turned = reshaped(transpose2d(backend, inputs.filter, entries, outChannels), [
    1,
    outChannels,
    entries,
  ]);
  const out = allocate(backend, inputShape);
  floats(backend, out).fill(0);
  for (let volume = 0; volume < info.batchSize; volume++) {
    const above = part(backend, inputs.dy, volume, [1, outputs, outChannels]);
    const product = matMul(backend, above, turned);
    const columns = floats(backend, product);
    const dx = floats(backend, out);
    eachMeeting(info, (voxel, tap, output) => {
      const target = (volume * voxels + voxel) * inChannels;
      const source = (output * taps + tap) * inChannels;
      for (let channel = 0; channel < inChannels; channel++)
        dx[target + channel]! += columns[source + channel]!;
    });
    dispose(backend, above, product);
  }
  dispose(backend, turned);
  return out;
}

function sizesOf(info: backend_util.Conv3DInfo) {
  const taps = info.filterDepth * info.filterHeight * info.filterWidth;
  return {
    taps,
    entries: taps * info.inChannels,
    outputs: info.outDepth * info.outHeight * info.outWidth,
    voxels: info.inDepth * info.inHeight * info.inWidth,
  };
}

/** A copy of the index-th of equal parts of a tensor. */
function part(backend: BackendWasm, tensor: TensorInfo, index: number, shape: number[]): TensorInfo {
  const size = util.sizeFromShape(shape);
  const copy = allocate(backend, shape);
  floats(backend, copy).set(floats(backend, tensor).subarray(index * size, (index + 1) * size));
  return copy;
}

/**
 * Visits every meeting of an output with a voxel inside of one volume.
 *
 * @param visit Gets the voxel's index in `[slice, row, column]`, the kernel position's and the output's in theirs.
 */
function eachMeeting(
  info: backend_util.Conv3DInfo,
  visit: (voxel: number, tap: number, output: number) => void,
): void {
  const { padInfo, inDepth, inHeight, inWidth } = info;
  const slices = meetings(info.outDepth, info.strideDepth, info.filterDepth, padInfo.front, inDepth);
  const rows = meetings(info.outHeight, info.strideHeight, info.filterHeight, padInfo.top, inHeight);
  const columns = meetings(info.outWidth, info.strideWidth, info.filterWidth, padInfo.left, inWidth);
  for (const slice of slices) {
    for (const row of rows) {
      for (const column of columns) {
        visit(
          (slice.voxel * inHeight + row.voxel) * inWidth + column.voxel,
          (slice.tap * info.filterHeight + row.tap) * info.filterWidth + column.tap,
          (slice.output * info.outHeight + row.output) * info.outWidth + column.output,
        );
      }
    }
  }
}

/** Along one axis: `output` meets `voxel` under kernel position `tap`. */
function meetings(outputs: number, stride: number, kernel: number, pad: number, size: number) {
  return Array.from({ length: outputs * kernel }, (_, i) => {
    const output = Math.floor(i / kernel);
    const tap = i % kernel;
    return { output, tap, voxel: output * stride + tap - pad };
  }).filter(({ voxel }) => voxel >= 0 && voxel < size);
}
