import {
  backend_util,
  MaxPool3DGrad,
  type MaxPool3DGradAttrs,
  type MaxPool3DGradInputs,
  MaxPoolGrad,
  type MaxPoolGradAttrs,
  type MaxPoolGradInputs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { allocate, floats, type KernelCall, wasmKernel } from './kernel.js';
import { eachWindow, type Pooling } from './poolingWindows.js';

type Call2D = KernelCall<MaxPoolGradInputs, MaxPoolGradAttrs>;
type Call3D = KernelCall<MaxPool3DGradInputs, MaxPool3DGradAttrs>;

/**
 * Gradient of max pooling: dy goes to the first pixel of the window, row by row, that holds the maximum.
 *
 * The stock kernels (4.22) are slower and wrong: where a window holds no positive number they send its gradient to
 * the first pixel of the batch, and of equal maxima they take the last, not the first as all other backends.
 */
export const maxPoolGrad = wasmKernel(MaxPoolGrad, poolGrad2D);

/** The same for volumes. */
export const maxPool3dGrad = wasmKernel(MaxPool3DGrad, poolGrad3D);

function poolGrad2D({ inputs, attrs, backend }: Call2D): TensorInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = inputs.input.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const depth = { inDepth: 1, outDepth: 1, filterDepth: 1, strideDepth: 1 };
  return route({ inputs, backend }, { ...info, ...depth, padInfo: { ...info.padInfo, front: 0 } });
}

function poolGrad3D({ inputs, attrs, backend }: Call3D): TensorInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = inputs.input.shape as [number, number, number, number, number];
  return route(
    { inputs, backend },
    backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode),
  );
}

function route({ inputs, backend }: Pick<Call2D, 'inputs' | 'backend'>, info: Pooling): TensorInfo {
  const out = allocate(backend, inputs.input.shape);
  const dx = floats(backend, out).fill(0);
  const x = floats(backend, inputs.input);
  const maxima = floats(backend, inputs.output);
  const dy = floats(backend, inputs.dy);
  const { inHeight, inWidth, inChannels } = info;
  eachWindow(info, (corner, slices, rows, columns, position) => {
    const nextRow = (inWidth - columns) * inChannels;
    const nextSlice = (inHeight - rows) * inWidth * inChannels;
    for (let channel = 0; channel < inChannels; channel++) {
      const target = position * inChannels + channel;
      const maximum = maxima[target]!;
      let pixel = corner * inChannels + channel;
      let found = pixel;
      // Nothing predicts where the maximum is, so no branch ends the search: `missing` is 1 until it is found.
      let missing = 1;
      for (let slice = 0; slice < slices; slice++) {
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            missing &= +(x[pixel] !== maximum);
            pixel += inChannels;
            found += missing * inChannels;
          }
          pixel += nextRow;
          found += missing * nextRow;
        }
        pixel += nextSlice;
        found += missing * nextSlice;
      }
      if (missing === 0) dx[found]! += dy[target]!;
    }
  });
  return out;
}
