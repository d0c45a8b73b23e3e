import { type backend_util } from '@tensorflow/tfjs-core';

/** Sizes of a pooling over channels-last volumes; an image is one slice deep. */
export type Pooling = Pick<
  backend_util.Conv3DInfo,
  'batchSize' | 'inChannels' | `${'in' | 'out' | 'filter' | 'stride'}${'Depth' | 'Height' | 'Width'}`
> & { readonly padInfo: Readonly<Record<'front' | 'top' | 'left', number>> };

/**
 * Visits every pooling window, cut to the volume.
 *
 * @param visit Gets the index of the window's first pixel in `[volume, slice, row, column]`, its size, and the index
 *   of its output in `[volume, outSlice, outRow, outColumn]`.
 */
export function eachWindow(
  info: Pooling,
  visit: (corner: number, slices: number, rows: number, columns: number, position: number) => void,
): void {
  const { inDepth, inHeight, inWidth, padInfo } = info;
  const slices = spans(info.outDepth, info.strideDepth, info.filterDepth, padInfo.front, inDepth);
  const rows = spans(info.outHeight, info.strideHeight, info.filterHeight, padInfo.top, inHeight);
  const columns = spans(info.outWidth, info.strideWidth, info.filterWidth, padInfo.left, inWidth);
  let position = 0;
  for (let volume = 0; volume < info.batchSize; volume++) {
    for (const slice of slices) {
      for (const row of rows) {
        for (const column of columns) {
          const corner = ((volume * inDepth + slice.start) * inHeight + row.start) * inWidth + column.start;
          visit(corner, slice.length, row.length, column.length, position++);
        }
      }
    }
  }
}

/** Where each window lies along one axis, without the padding. */
function spans(windows: number, stride: number, size: number, pad: number, length: number) {
  return Array.from({ length: windows }, (_, i) => {
    const start = Math.max(0, i * stride - pad);
    return { start, length: Math.min(length, i * stride - pad + size) - start };
  });
}
