import { DistillError, messageOf } from '@tfjs-distill/core';
import pLimit from 'p-limit';
import { type RawSamples } from './makeDataset.js';

export interface ImageSize {
  /** Height and width that all images are brought to. */
  readonly size: readonly [height: number, width: number];
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3;
}

/** What images become unless said otherwise: 32×32, in colour. */
export const imageDataset = ({
  size = [32, 32],
  channels = 3,
}: { [K in keyof ImageSize]?: ImageSize[K] | undefined }): ImageSize => ({
  size,
  channels,
});

/**
 * Decodes PNG, JPEG, WebP, GIF, TIFF or AVIF, by `sharp`.
 *
 * @param images Encoded bytes, or paths.
 * @throws DistillError `DATA` if sharp is not installed, or an image cannot be decoded; names it.
 */
export async function decodeImages(
  images: readonly (Uint8Array | string)[],
  { size: [height, width], channels }: ImageSize,
  where: string,
): Promise<Pick<RawSamples, 'values' | 'shape'>> {
  const sharp = await loadSharp(where);
  const bytes = height * width * channels;
  const values = new Uint8Array(images.length * bytes);
  const limit = pLimit(8);
  const decode = async (image: Uint8Array | string, i: number) => {
    try {
      const pixels = await sharp(image)
        .flatten({ background: 'black' })
        .resize(width, height, { fit: 'fill' })
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw()
        .toBuffer();
      values.set(pixels.subarray(0, bytes), i * bytes);
    } catch (cause) {
      const name = typeof image === 'string' ? image : `${where}, row ${i + 1}`;
      throw new DistillError('DATA', `The image cannot be decoded: ${messageOf(cause)}.`, {
        where: name,
        cause,
      });
    }
  };
  await Promise.all(images.map((image, i) => limit(() => decode(image, i))));
  return { values, shape: [images.length, height, width, channels] };
}

async function loadSharp(where: string) {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DistillError('DATA', 'Images are decoded by the npm package sharp, which is not installed.', {
      where,
      hint: '`npm install sharp` gets it.',
      cause,
    });
  }
}
