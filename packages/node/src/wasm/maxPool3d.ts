import {
  backend_util,
  MaxPool3D,
  type MaxPool3DAttrs,
  type MaxPool3DInputs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { allocate, floats, type KernelCall, wasmKernel } from './kernel.js';
import { eachWindow } from './poolingWindows.js';

type Call = KernelCall<MaxPool3DInputs, MaxPool3DAttrs>;

/** Max pooling of volumes. The stock kernel (4.22) gives 1e-38 where a window holds no positive number. */
export const maxPool3d = wasmKernel(MaxPool3D, maxPool);

function maxPool({ inputs, attrs, backend }: Call): TensorInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = inputs.x.shape as [number, number, number, number, number];
  const info = backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { inChannels, inHeight, inWidth } = info;
  const out = allocate(backend, info.outShape);
  const maxima = floats(backend, out).fill(-Infinity);
  const x = floats(backend, inputs.x);
  eachWindow(info, (corner, slices, rows, columns, position) => {
    for (let slice = 0; slice < slices; slice++) {
      for (let row = 0; row < rows; row++) {
        let pixel = (corner + (slice * inHeight + row) * inWidth) * inChannels;
        for (let column = 0; column < columns; column++) {
          for (let target = position * inChannels; target < (position + 1) * inChannels; target++, pixel++) {
            if (x[pixel]! > maxima[target]!) maxima[target] = x[pixel]!;
          }
        }
      }
    }
  });
  return out;
}
