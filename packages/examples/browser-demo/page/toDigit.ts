export const SIDE = 28;
/** As MNIST was made: the digit fits 20×20, and its centre of mass is the image's centre. */
const BOX = 20;

/** A drawing: how much ink each pixel has, 0 to 255, row-major. */
export interface Drawing {
  readonly ink: Uint8ClampedArray;
  readonly side: number;
}

/**
 * A drawing as MNIST has its digits: scaled to 20×20, averaged, its centre of mass in the middle of 28×28.
 *
 * @returns 784 numbers, 0 to 1; `undefined` where nothing was drawn.
 */
export function toDigit({ ink, side }: Drawing): Float32Array | undefined {
  const bounds = boundsOf(ink, side);
  if (bounds === undefined) return undefined;
  const { left, top, right, bottom, massX, massY } = bounds;
  const scale = Math.max(right - left, bottom - top) / BOX; // source pixels in one of the target's
  const originX = massX - (SIDE / 2) * scale;
  const originY = massY - (SIDE / 2) * scale;
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const x = originX + (i % SIDE) * scale;
    const y = originY + Math.floor(i / SIDE) * scale;
    return averageInk(ink, side, [x, y, x + scale, y + scale]) / 255;
  });
}

function boundsOf(ink: Uint8ClampedArray, side: number) {
  let [left, top, right, bottom] = [side, side, 0, 0];
  let [mass, sumX, sumY] = [0, 0, 0];
  ink.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % side, Math.floor(i / side)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    mass += value;
    sumX += value * (x + 0.5);
    sumY += value * (y + 0.5);
  });
  return mass === 0 ? undefined : { left, top, right, bottom, massX: sumX / mass, massY: sumY / mass };
}

/** Mean ink of the pixels whose centres lie in a rectangle, of the nearest pixel where there is none. */
function averageInk(
  ink: Uint8ClampedArray,
  side: number,
  [left, top, right, bottom]: readonly [number, number, number, number],
): number {
  const [x0, y0] = [Math.round(left), Math.round(top)];
  const [x1, y1] = [Math.max(x0 + 1, Math.round(right)), Math.max(y0 + 1, Math.round(bottom))];
  let sum = 0;
  for (let y = y0; y < y1; y++) {
    if (y < 0 || y >= side) continue;
    for (let x = x0; x < x1; x++) if (x >= 0 && x < side) sum += ink[y * side + x] ?? 0;
  }
  return sum / ((x1 - x0) * (y1 - y0));
}
