import { div, sub, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';

const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

/**
 * Images as PyTorch's examples take them: `(x − mean) / deviation`, both ImageNet's, channel by channel.
 *
 * @param x `[…, 3]`, red first, 0 to 1.
 * @returns Of the same shape, about −2.1 to 2.6; the caller owns it.
 * @example
 * imagenetNormalized(tensor2d([[0.485, 0.456, 0.406]])); // [[0, 0, 0]]
 */
export function imagenetNormalized(x: Tensor): Tensor {
  return tidy(() => div(sub(x, tensor1d(MEAN)), tensor1d(DEVIATION)));
}
