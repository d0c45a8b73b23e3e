import { type PortValues } from './ModelRuntime.js';

/** Samples from `start` up to, not including, `end`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** A batch in pieces of at most `size` samples. */
export function piecesOf(samples: number, size: number): readonly Piece[] {
  const count = Math.ceil(samples / Math.max(1, size));
  return Array.from({ length: count }, (_, i) => ({
    start: i * size,
    end: Math.min(samples, (i + 1) * size),
  }));
}

/** A piece of a tensor; filled up with its last sample where the model wants a fixed number. */
export function pieceOf(port: PortValues, { start, end }: Piece, fixed: number | undefined): PortValues {
  const { shape, values } = port;
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const rows = (from: number, to: number) =>
    (values as Float32Array | Int32Array).subarray(from * width, to * width);
  const own = rows(start, end);
  const missing = (fixed ?? 0) - (end - start);
  if (missing <= 0) return { ...port, shape: [end - start, ...shape.slice(1)], values: own };
  const filled = new Float32Array((end - start + missing) * width);
  filled.set(own);
  for (let i = end - start; i < end - start + missing; i++) filled.set(rows(end - 1, end), i * width);
  return { ...port, shape: [end - start + missing, ...shape.slice(1)], values: filled };
}

/** Pieces of one output behind each other. */
export function joined(parts: readonly PortValues[]): { values: Float32Array; shape: readonly number[] } {
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  const samples = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  return { values, shape: [samples, ...(parts[0]?.shape.slice(1) ?? [])] };
}
