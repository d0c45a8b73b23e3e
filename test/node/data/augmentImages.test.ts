import { augmentationView, augmentImages, type AugmentOptions, type ImageShape } from '@tfjs-distill/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const shape: ImageShape = [4, 9, 9, 1];
const size = 81;
const images = Float32Array.from({ length: 4 * size }, (_, i) => ((i * 37) % 101) / 100);
const usual: AugmentOptions = { shift: 2, rotate: 12, scale: 0.1, seed: 7 };

/** One pixel of 1 at (x, y). */
function dot(x: number, y: number): Float32Array {
  const image = new Float32Array(size);
  image[y * 9 + x] = 1;
  return image;
}

/** Where the mass of a 9×9 image lies. */
function centre(image: Float32Array): { x: number; y: number; mass: number } {
  let [x, y, mass] = [0, 0, 0];
  image.forEach((value, i) => {
    x += value * (i % 9);
    y += value * Math.floor(i / 9);
    mass += value;
  });
  return { x: x / mass, y: y / mass, mass };
}

describe('augmentImages', () => {
  it('returns the images themselves when every range is zero', () => {
    expect(augmentImages(images, shape, { seed: 1 })).toEqual(images);
  });

  it('leaves its input alone and repeats itself for the same seed', () => {
    const before = images.slice();
    const views = augmentImages(images, shape, usual);
    expect(images).toEqual(before);
    expect(augmentImages(images, shape, usual)).toEqual(views);
    expect(augmentImages(images, shape, { ...usual, seed: 8 })).not.toEqual(views);
  });

  it('gives a sample the same view in whatever batch it comes', () => {
    const all = augmentImages(images, shape, { ...usual, ids: [10, 11, 12, 13] });
    const one = augmentImages(images.subarray(2 * size, 3 * size), [1, 9, 9, 1], { ...usual, ids: [12] });
    expect(one).toEqual(all.slice(2 * size, 3 * size));
  });

  it('moves a dot by at most `shift` and keeps its mass', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 3, noNaN: true }), (seed, shift) => {
        const { x, y, mass } = centre(augmentImages(dot(4, 4), [1, 9, 9, 1], { shift, seed }));
        expect(mass).toBeCloseTo(1, 5);
        expect(Math.max(Math.abs(x - 4), Math.abs(y - 4))).toBeLessThanOrEqual(shift + 1e-5);
      }),
    );
  });

  it('turns about the centre by at most `rotate` degrees, either way', () => {
    const angles = Array.from({ length: 200 }, (_, seed) => {
      const { x, y } = centre(augmentImages(dot(7, 4), [1, 9, 9, 1], { rotate: 30, seed }));
      expect(Math.hypot(x - 4, y - 4)).toBeCloseTo(3, 0);
      return (Math.atan2(y - 4, x - 4) * 180) / Math.PI;
    });
    expect(Math.min(...angles)).toBeGreaterThan(-36); // a dot's centre of mass is known to a part of a pixel
    expect(Math.min(...angles)).toBeLessThan(-20);
    expect(Math.max(...angles)).toBeLessThan(36);
    expect(Math.max(...angles)).toBeGreaterThan(20);
  });

  it('scales about the centre in both directions', () => {
    const radii = Array.from({ length: 200 }, (_, seed) => {
      const { x } = centre(augmentImages(dot(6, 4), [1, 9, 9, 1], { scale: 0.4, seed }));
      return x - 4;
    });
    expect(Math.min(...radii)).toBeLessThan(1.5);
    expect(Math.max(...radii)).toBeGreaterThan(2.5);
  });

  it('moves all channels of a pixel together', () => {
    const colours = Float32Array.from({ length: 2 * 9 * 9 * 3 }, (_, i) => Math.floor(i / 3) % 7);
    const views = augmentImages(colours, [2, 9, 9, 3], usual);
    const planes = [0, 1, 2].map((channel) => views.filter((_, i) => i % 3 === channel));
    expect(planes[1]).toEqual(planes[0]);
    expect(planes[2]).toEqual(planes[0]);
  });

  it('takes bytes and keeps their range', () => {
    const views = augmentImages(new Uint8Array(size).fill(255), [1, 9, 9, 1], {
      ...usual,
      shift: 0,
      scale: 0,
    });
    expect(views[40]).toBeCloseTo(255, 3);
    expect(Math.max(...views)).toBeLessThanOrEqual(255.001);
    expect(Math.min(...views)).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, Partial<AugmentOptions>, ImageShape]>([
    ['Expected `shift` to be a number of at least 0, got -1.', { shift: -1 }, shape],
    ['Expected `rotate` to be a number of at least 0, got NaN.', { rotate: NaN }, shape],
    ['Expected `scale` to be a number from 0 to below 1, got 1.', { scale: 1 }, shape],
    ['Expected `seed` to be an integer, got 0.5.', { seed: 0.5 }, shape],
    ['`images` [324] and `shape` [3, 9, 9, 1]', {}, [3, 9, 9, 1]],
    ['`ids` [2] and `images` [4, 9, 9, 1]', { ids: [1, 2] }, shape],
  ])('refuses: %s', (message, options, wrongShape) => {
    expect(() => augmentImages(images, wrongShape, { ...usual, ...options })).toThrow(message);
  });
});

describe('augmentationView', () => {
  it('is another for whatever gives other pixels', () => {
    const views = [{ shift: 2 }, { shift: 3 }, { rotate: 2 }, { scale: 0.1 }].flatMap((options) =>
      [1, 2].map((seed) => augmentationView({ ...options, seed })),
    );
    expect(new Set(views).size).toBe(8);
    expect(views[0]).toBe('affine-bilinear-1 shift=2 rotate=0 scale=0 seed=1');
  });

  it('is none where the images stay as they are, whatever the seed', () => {
    expect(augmentationView({ seed: 3 })).toBe('none');
    expect(() => augmentationView({ scale: 1, seed: 3 })).toThrow('Expected `scale`');
  });
});
