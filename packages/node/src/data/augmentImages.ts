import { expected, shapeMismatch } from '@tfjs-distill/core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';

/** Changes whenever the same options would give other pixels; stored teacher outputs carry it. */
export const AUGMENTATION_VERSION = 'affine-bilinear-1';

const where = 'augmentImages';

export interface AugmentOptions {
  /** Largest shift along each axis, pixels ≥ 0. Default 0. */
  readonly shift?: number | undefined;
  /** Largest rotation either way, degrees ≥ 0. Default 0. */
  readonly rotate?: number | undefined;
  /** Largest relative change of size, in [0, 1): 0.1 scales by 0.9 to 1.1. Default 0. */
  readonly scale?: number | undefined;
  /** Integer; another seed gives another view of every image. */
  readonly seed: number;
  /** The sample id of each image, so that a view depends on seed and id, not on the batch. Default 0 … n − 1. */
  readonly ids?: ArrayLike<number>;
}

/**
 * The name of the view that `augmentImages` makes with these options: what `batch.view` and the header of a
 * store of the teacher's outputs carry.
 *
 * @returns `none` where nothing is changed.
 * @throws DistillError `OPTION` if an option is out of range.
 * @example
 * augmentationView({ shift: 2, seed: 7 }); // 'affine-bilinear-1 shift=2 rotate=0 scale=0 seed=7'
 */
export function augmentationView({ shift = 0, rotate = 0, scale = 0, seed }: AugmentOptions): string {
  checkOptions({ shift, rotate, scale, seed });
  if (shift === 0 && rotate === 0 && scale === 0) return 'none';
  return `${AUGMENTATION_VERSION} shift=${shift} rotate=${rotate} scale=${scale} seed=${seed}`;
}

export type ImageShape = readonly [images: number, height: number, width: number, channels: number];

/** Maps a pixel of the output to where it comes from: `x' = a·x − b·y + dx`, `y' = b·x + a·y + dy`. */
interface Affine {
  readonly a: number;
  readonly b: number;
  readonly dx: number;
  readonly dy: number;
}

/**
 * Shifts, rotates and scales every image at random about its centre, by one bilinear resampling.
 *
 * Shift, angle and scale are uniform in their ranges; what comes from outside of the image is 0.
 *
 * @param images Pixels, row-major `[images, height, width, channels]`, any range. Not changed.
 * @param shape The four sizes.
 * @returns A new array of the same shape and range.
 * @throws DistillError `OPTION` if an option is out of range, `SHAPE` if `images` or `ids` do not fit `shape`.
 * @example
 * const views = augmentImages(pixels, [32, 28, 28, 1], { shift: 2, rotate: 12, scale: 0.1, seed: epoch });
 */
export function augmentImages(
  images: Uint8Array | Float32Array,
  shape: ImageShape,
  options: AugmentOptions,
): Float32Array {
  check(images, shape, options);
  const [count, height, width, channels] = shape;
  const size = height * width * channels;
  const views = new Float32Array(images.length);
  for (let i = 0; i < count; i++) {
    const view = drawAffine(options, options.ids?.[i] ?? i, height, width);
    const at = i * size;
    resample(images.subarray(at, at + size), views.subarray(at, at + size), [height, width, channels], view);
  }
  return views;
}

function drawAffine(options: AugmentOptions, id: number, height: number, width: number): Affine {
  // the Mersenne Twister spreads neighbouring seeds well, which a generator per image needs
  const random = mersenne(Math.imul(options.seed, 0x9e3779b1) + id);
  const draw = (limit = 0) => limit * (2 * uniformFloat64(random) - 1);
  const angle = (draw(options.rotate) * Math.PI) / 180;
  const scale = 1 + draw(options.scale);
  const [a, b] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [fromX, fromY] = [cx + draw(options.shift), cy + draw(options.shift)];
  return { a, b, dx: cx - a * fromX + b * fromY, dy: cy - b * fromX - a * fromY };
}

function resample(
  source: Uint8Array | Float32Array,
  target: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  { a, b, dx, dy }: Affine,
): void {
  const pixel = (x: number, y: number, channel: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (source[(y * width + x) * channels + channel] ?? 0);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = a * x - b * y + dx;
      const fromY = b * x + a * y + dy;
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [right, below] = [fromX - left, fromY - top];
      for (let channel = 0; channel < channels; channel++) {
        target[at++] =
          (1 - below) * ((1 - right) * pixel(left, top, channel) + right * pixel(left + 1, top, channel)) +
          below * ((1 - right) * pixel(left, top + 1, channel) + right * pixel(left + 1, top + 1, channel));
      }
    }
  }
}

function check(images: { readonly length: number }, shape: ImageShape, options: AugmentOptions): void {
  checkOptions(options);
  const { ids } = options;
  if (images.length !== shape.reduce((product, size) => product * size, 1)) {
    throw shapeMismatch('as many pixels as the shape has', { images: [images.length], shape }, { where });
  }
  if (ids !== undefined && ids.length !== shape[0]) {
    throw shapeMismatch('one id per image', { ids: [ids.length], images: shape }, { where });
  }
}

function checkOptions({ shift = 0, rotate = 0, scale = 0, seed }: AugmentOptions): void {
  for (const [name, value] of Object.entries({ shift, rotate })) {
    if (!(Number.isFinite(value) && value >= 0))
      throw expected(name, 'a number of at least 0', value, { where });
  }
  if (!(scale >= 0 && scale < 1)) throw expected('scale', 'a number from 0 to below 1', scale, { where });
  if (!Number.isSafeInteger(seed)) throw expected('seed', 'an integer', seed, { where });
}
