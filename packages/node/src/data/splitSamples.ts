import { drawLabelled } from './drawLabelled.js';
import { type RawSamples } from './makeDataset.js';

/** A fifth. */
export const TEST_SHARE = 0.2;

/** Takes a share of each class away for testing, the same samples every time. */
export function splitSamples(
  samples: RawSamples,
  share = TEST_SHARE,
): { readonly train: RawSamples; readonly test: RawSamples } {
  const test = new Set(drawLabelled(samples.labels, Math.round(share * samples.shape[0]), 0));
  const rows = Int32Array.from({ length: samples.shape[0] }, (_, i) => i);
  return {
    train: pick(
      samples,
      rows.filter((row) => !test.has(row)),
    ),
    test: pick(
      samples,
      rows.filter((row) => test.has(row)),
    ),
  };
}

function pick({ values, shape, labels }: RawSamples, rows: Int32Array): RawSamples {
  const size = shape.slice(1).reduce((product, length) => product * length, 1);
  const picked =
    values instanceof Uint8Array ? new Uint8Array(rows.length * size) : new Float32Array(rows.length * size);
  rows.forEach((row, i) => picked.set(values.subarray(row * size, (row + 1) * size), i * size));
  return {
    values: picked,
    shape: [rows.length, ...shape.slice(1)],
    labels: rows.map((row) => labels[row] ?? -1),
  };
}
