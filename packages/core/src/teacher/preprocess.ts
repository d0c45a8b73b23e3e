import { cast, div, mul, sub, type Tensor, tensor1d, tidy, transpose } from '@tensorflow/tfjs-core';
import { expected, shapeMismatch } from '../errors.js';
import { shareTensor } from '../shareTensor.js';

/** How a teacher wants its images, told against the data set's own, which are `[batch, height, width, channels]`. */
export interface Preprocess {
  /** Order of the teacher's axes. PyTorch's and most ONNX models take `NCHW`. Default `NHWC`. */
  readonly layout?: 'NHWC' | 'NCHW' | undefined;
  /** Factor of every value, applied first: 1 / 255 brings bytes to 0 … 1, 255 brings them back. Default 1. */
  readonly scale?: number | undefined;
  /** Subtracted after scaling; one number, or one a channel. Default 0. */
  readonly mean?: number | readonly number[] | undefined;
  /** Divided by at last, above 0; one number, or one a channel. Default 1. */
  readonly std?: number | readonly number[] | undefined;
}

const where = 'preprocess';

/**
 * Brings inputs to the form that a teacher was trained on: `(scale · x − mean) / std`, then its layout.
 *
 * @param x Any dtype, channels last; with `layout: 'NCHW'` of four dimensions.
 * @returns float32 of the same shape, or `[batch, channels, height, width]`. The caller owns it.
 * @throws DistillError if `mean` or `std` have another number of entries than there are channels.
 *
 * @example
 * // torchvision's normalization of bytes
 * preprocess(x, { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], layout: 'NCHW' });
 */
export function preprocess(x: Tensor, { layout = 'NHWC', scale = 1, mean = 0, std = 1 }: Preprocess): Tensor {
  if (layout === 'NCHW' && x.rank !== 4)
    throw shapeMismatch('images of four dimensions for layout NCHW', { x: x.shape }, { where });
  return tidy(() => {
    const values = cast(x, 'float32');
    const scaled = scale === 1 ? values : mul(values, scale);
    const centred = mean === 0 ? scaled : sub(scaled, perChannel('mean', mean, x));
    const normal = std === 1 ? centred : div(centred, perChannel('std', std, x));
    const placed = layout === 'NCHW' ? transpose(normal, [0, 3, 1, 2]) : normal;
    return placed === x ? shareTensor(x) : placed;
  });
}

function perChannel(name: string, value: number | readonly number[], { shape }: Tensor): Tensor | number {
  if (typeof value === 'number') return value;
  const channels = shape.at(-1);
  if (value.length !== channels)
    throw expected(name, `one number or ${channels}, one a channel`, value, { where });
  return tensor1d([...value], 'float32');
}
