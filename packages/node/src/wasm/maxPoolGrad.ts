import {
  backend_util,
  MaxPoolGrad,
  type MaxPoolGradAttrs,
  type MaxPoolGradInputs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { type ConvInfo } from './convolution.js';
import { allocate, floats, type KernelCall, wasmKernel } from './kernel.js';

/**
 * Gradient of max pooling: dy goes to the first pixel of the window, row by row, that holds the maximum.
 *
 * The stock kernel (4.22) is slower and wrong: where a window holds no positive number it sends the gradient to the
 * first pixel of the batch, and of equal maxima it takes the last, not the first as all other backends.
 */
export const maxPoolGrad = wasmKernel(MaxPoolGrad, poolGrad);

function poolGrad({ inputs, attrs, backend }: KernelCall<MaxPoolGradInputs, MaxPoolGradAttrs>): TensorInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = inputs.input.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const out = allocate(backend, shape);
  const dx = floats(backend, out).fill(0);
  const x = floats(backend, inputs.input);
  const maxima = floats(backend, inputs.output);
  const dy = floats(backend, inputs.dy);
  const { inWidth, inChannels } = info;
  eachWindow(info, (corner, rows, columns, position) => {
    const nextRow = (inWidth - columns) * inChannels;
    for (let channel = 0; channel < inChannels; channel++) {
      const target = position * inChannels + channel;
      const maximum = maxima[target]!;
      let pixel = corner * inChannels + channel;
      let found = pixel;
      // Which pixel it is cannot be predicted, so the search goes on without a branch: `missing` is 1 until it is found.
      let missing = 1;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          missing &= +(x[pixel] !== maximum);
          pixel += inChannels;
          found += missing * inChannels;
        }
        pixel += nextRow;
        found += missing * nextRow;
      }
      if (missing === 0) dx[found]! += dy[target]!;
    }
  });
  return out;
}

/**
 * Visits every pooling window, cut to the image.
 *
 * @param visit Gets the index of the window's first pixel in `[image, row, column]`, its size, and the index of its
 *   output in `[image, outRow, outColumn]`.
 */
function eachWindow(
  info: ConvInfo,
  visit: (corner: number, rows: number, columns: number, position: number) => void,
): void {
  const { batchSize, outHeight, outWidth, inHeight, inWidth, padInfo } = info;
  let position = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const row = outRow * info.strideHeight - padInfo.top;
      const top = Math.max(0, row);
      const rows = Math.min(inHeight, row + info.filterHeight) - top;
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const column = outColumn * info.strideWidth - padInfo.left;
        const left = Math.max(0, column);
        const columns = Math.min(inWidth, column + info.filterWidth) - left;
        visit((image * inHeight + top) * inWidth + left, rows, columns, position++);
      }
    }
  }
}
