import { type ConvInfo } from './convolution.js';

/**
 * A run of images over one grid per image, on which both an output channel of a convolution and every phase of an
 * input channel have room.
 *
 * A phase is every s-th row and column of an image, s the stride. What one kernel position sees of a channel, over
 * all output positions, is one phase of the channel, moved by whole rows and columns; what moves in is padding, 0.
 * In memory that is one copy of all channels and images at once, then zeros along the edges. Such a copy moves about
 * 15 numbers in the time in which a loop over the pixels under the kernel moves one.
 */
export interface Grid {
  readonly first: number;
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
}

/** Numbers in the largest array that is made of one grid: 2 MiB stay in the cache, and a large batch needs no heap. */
const MAX_NUMBERS = 2 ** 19;

/** The batch in runs of images; for each position of a grid `perPosition` numbers are to be held. */
export function* grids(info: ConvInfo, perPosition: number): Generator<Grid> {
  const rows = Math.max(info.outHeight, Math.ceil(info.inHeight / info.strideHeight));
  const columns = Math.max(info.outWidth, Math.ceil(info.inWidth / info.strideWidth));
  const step = Math.max(1, Math.floor(MAX_NUMBERS / (rows * columns * perPosition)));
  for (let first = 0; first < info.batchSize; first += step) {
    yield { first, images: Math.min(step, info.batchSize - first), rows, columns };
  }
}

export function positionsOf({ images, rows, columns }: Grid): number {
  return images * rows * columns;
}

/**
 * Lays out every phase of x that some kernel position sees, one after another, in `planes`, and calls `visit` for
 * each such kernel position: it sees `planes`, moved `down` rows and `right` columns.
 */
export function eachShift(
  x: Float32Array,
  planes: Float32Array,
  info: ConvInfo,
  grid: Grid,
  visit: (tap: number, down: number, right: number) => void,
): void {
  const { filterHeight, filterWidth, inHeight, inWidth, inChannels, strideHeight, strideWidth, padInfo } =
    info;
  const tapColumns = tapsByPhase(filterWidth, info.dilationWidth, padInfo.left, strideWidth);
  for (const [rowStart, rows] of tapsByPhase(filterHeight, info.dilationHeight, padInfo.top, strideHeight)) {
    for (const [columnStart, columns] of tapColumns) {
      const images = { height: inHeight, width: inWidth, channels: inChannels };
      layOut(x, planes, images, grid, {
        rowStart,
        rowStep: strideHeight,
        columnStart,
        columnStep: strideWidth,
      });
      for (const row of rows) {
        for (const column of columns) visit(row.index * filterWidth + column.index, row.shift, column.shift);
      }
    }
  }
}

/** A kernel position along one axis, and by how much it moves the phase that it sees. */
interface Tap {
  readonly index: number;
  readonly shift: number;
}

/** Output o sees pixel `stride·o + dilation·index − pad = stride·(o + shift) + phase`. */
function tapsByPhase(kernel: number, dilation: number, pad: number, stride: number): Map<number, Tap[]> {
  const phases = new Map<number, Tap[]>();
  for (let index = 0; index < kernel; index++) {
    const shift = Math.floor((index * dilation - pad) / stride);
    const phase = index * dilation - pad - shift * stride;
    phases.set(phase, [...(phases.get(phase) ?? []), { index, shift }]);
  }
  return phases;
}

interface Images {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

interface Sampling {
  readonly rowStart: number;
  readonly rowStep: number;
  readonly columnStart: number;
  readonly columnStep: number;
}

const EVERY_PIXEL: Sampling = { rowStart: 0, rowStep: 1, columnStart: 0, columnStep: 1 };

/** Lays channels-last images out channel by channel: `[channels, images, rows, columns]`, 0 where they are smaller. */
export function layOut(
  from: Float32Array,
  planes: Float32Array,
  { height, width, channels }: Images,
  { first, images, rows, columns }: Grid,
  { rowStart, rowStep, columnStart, columnStep } = EVERY_PIXEL,
): void {
  planes.fill(0);
  const step = columnStep * channels;
  for (let image = 0; image < images; image++) {
    for (let row = rowStart, i = 0; row < height; row += rowStep, i++) {
      const start = ((first + image) * height + row) * width * channels;
      const end = start + width * channels;
      for (let channel = 0; channel < channels; channel++) {
        let target = ((channel * images + image) * rows + i) * columns;
        for (let source = start + columnStart * channels + channel; source < end; source += step) {
          planes[target++] = from[source]!;
        }
      }
    }
  }
}

/** `to[…, row, column] = from[…, row + down, column + right]`, 0 where that lies outside of the grid. */
export function shiftPlanes(
  from: Float32Array,
  to: Float32Array,
  grid: Grid,
  down: number,
  right: number,
): void {
  const { rows, columns } = grid;
  if (Math.abs(down) >= rows || Math.abs(right) >= columns) {
    to.fill(0);
    return;
  }
  const shift = down * columns + right;
  to.set(from.subarray(Math.max(0, shift), from.length + Math.min(0, shift)), Math.max(0, -shift));
  if (down !== 0) clearRows(to, rows * columns, down * columns);
  if (right !== 0) clearColumns(to, columns, right);
}

/** Of every plane the last `count` numbers, or the first where `count` is negative. */
function clearRows(planes: Float32Array, plane: number, count: number): void {
  const start = count > 0 ? plane - count : 0;
  for (let at = start; at < planes.length; at += plane) planes.fill(0, at, at + Math.abs(count));
}

/** Of every row the last `count` numbers, or the first where `count` is negative. */
function clearColumns(planes: Float32Array, columns: number, count: number): void {
  const start = count > 0 ? columns - count : 0;
  for (let at = start; at < planes.length; at += columns) {
    for (let i = at; i < at + Math.abs(count); i++) planes[i] = 0;
  }
}
