import {
  Conv2D,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
  type Conv2DBackpropInputInputs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { type ConvInfo, convInfo, expectChannelsLast } from './convolution.js';
import { interleavedConvolution, type Phase, phaseAttrs } from './interleavedConvolution.js';
import { allocate, dispose, floats, type KernelCall, run, wasmKernel } from './kernel.js';

type Call = KernelCall<Conv2DBackpropInputInputs, Conv2DBackpropInputAttrs>;

/**
 * Gradient of a convolution by its input, and the forward pass of a transposed convolution.
 *
 * The stock kernel is a plain loop: 32 × 14 × 14 × 16 under 32 filters of 3 × 3 at stride 2 takes it 4.1 ms, and
 * convolutions of dy 0.6 ms. `dy · filterᵀ`, added up in JavaScript, took 0.8 ms. The stock kernel also accepts
 * channels-first images, but its result is wrong (4.22); here they are an error, as they are forward.
 */
export const conv2dBackpropInput = wasmKernel(Conv2DBackpropInput, backpropInput);

function backpropInput({ inputs, attrs, backend }: Call): TensorInfo {
  expectChannelsLast(Conv2DBackpropInput, attrs.dataFormat);
  const { dy, filter } = inputs;
  const info = convInfo(attrs.inputShape, filter.shape, attrs);
  return interleavedConvolution(backend, info, (row, column) => {
    const part = allocate(backend, [row.taps, column.taps, info.outChannels, info.inChannels]);
    turnFilter(floats(backend, filter), floats(backend, part), info, row, column);
    const result = run(backend, Conv2D, { x: dy, filter: part }, phaseAttrs(row, column));
    dispose(backend, part);
    return result;
  });
}

/** The phases' part of the filter, last position first, in- and output channels exchanged. */
function turnFilter(
  filter: Float32Array,
  part: Float32Array,
  info: ConvInfo,
  row: Phase,
  column: Phase,
): void {
  const { filterWidth, inChannels, outChannels } = info;
  let target = 0;
  for (let i = row.taps - 1; i >= 0; i--) {
    for (let j = column.taps - 1; j >= 0; j--) {
      const tap = (row.firstTap + row.stride * i) * filterWidth + column.firstTap + column.stride * j;
      for (let out = 0; out < outChannels; out++) {
        let source = tap * inChannels * outChannels + out;
        for (let channel = 0; channel < inChannels; channel++, source += outChannels) {
          part[target++] = filter[source]!;
        }
      }
    }
  }
}
