import { backend_util } from '@tensorflow/tfjs-core';
import { expected } from '@tfjs-distill/core';

/** Sizes of a convolution or a pooling over channels-last images. */
export type ConvInfo = backend_util.Conv2DInfo;

type Shape4D = [number, number, number, number];
type Padding = Parameters<typeof backend_util.computeConv2DInfo>[4];

export interface ConvAttrs {
  readonly strides: [number, number] | number;
  readonly pad: Padding;
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Strides, padding and sizes of a convolution in numbers, from its attributes as TensorFlow.js states them. */
export function convInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations = 1, dimRoundingMode }: ConvAttrs,
  depthwise = false,
): ConvInfo {
  return backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
}

/** The wasm backend convolves channels-last images only. */
export function expectChannelsLast(where: string, dataFormat: string): void {
  if (dataFormat !== 'NHWC')
    throw expected('dataFormat', '"NHWC" on the wasm backend', dataFormat, { where });
}
