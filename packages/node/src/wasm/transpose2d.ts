import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, Transpose } from '@tensorflow/tfjs-core';
import { allocate, floats, reshaped, run } from './kernel.js';

const BLOCK = 16;

/**
 * Transposes a `[rows, columns]` matrix; the caller owns the result.
 *
 * The backend's own kernel writes down the columns of the result. Where a column is a multiple of 512 bytes
 * those writes fall into the same few lines of the cache: 1024 × 256 takes it 1.9 ms, blocks in JavaScript
 * 0.43 ms. Elsewhere it is three times as fast as JavaScript (1568 × 144: 0.08 ms against 0.37 ms).
 */
export function transpose2d(backend: BackendWasm, x: TensorInfo, rows: number, columns: number): TensorInfo {
  if (rows % 128 !== 0 || columns < 32) {
    return run(backend, Transpose, { x: reshaped(x, [rows, columns]) }, { perm: [1, 0] });
  }
  const out = allocate(backend, [columns, rows]);
  transposeBlocks(floats(backend, x), floats(backend, out), rows, columns);
  return out;
}

function transposeBlocks(from: Float32Array, to: Float32Array, rows: number, columns: number): void {
  for (let row0 = 0; row0 < rows; row0 += BLOCK) {
    const row1 = Math.min(rows, row0 + BLOCK);
    for (let column = 0; column < columns; column++) {
      let target = column * rows + row0;
      for (let source = row0 * columns + column; source < row1 * columns; source += columns) {
        to[target++] = from[source]!;
      }
    }
  }
}
