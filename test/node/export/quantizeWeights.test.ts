import { io, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Quantization, quantizeWeights } from '../../../packages/node/src/export/quantizeWeights.js';

/** Weights as TensorFlow.js reads them back after they were stored as `dtype`. */
async function roundTrip(
  values: number[][],
  dtype: Quantization,
): Promise<{ bytes: number; read: number[] }> {
  const weight = tensor2d(values);
  const { data, specs } = await io.encodeWeights({ weight });
  const { weightData, weightSpecs } = quantizeWeights({ weightData: data, weightSpecs: specs }, dtype);
  const { weight: decoded } = io.decodeWeights(
    weightData as ArrayBuffer,
    weightSpecs as io.WeightsManifestEntry[],
  );
  const read = [...((await decoded?.data()) ?? [])];
  return { bytes: (weightData as ArrayBuffer).byteLength, read };
}

const row = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 40 });

describe('quantizeWeights', () => {
  it('stores uint8 in a quarter of the bytes, each number within half a step, more at the ends by one', async () => {
    await fc.assert(
      fc.asyncProperty(row, async (values) => {
        const { bytes, read } = await roundTrip([values], 'uint8');
        expect(bytes).toBe(values.length);
        const step = (Math.max(...values) - Math.min(...values)) / 255;
        read.forEach((value, i) =>
          expect(Math.abs(value - (values[i] ?? NaN))).toBeLessThanOrEqual(step * 1.001 + 1e-4),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('keeps zeros with uint8 where numbers lie on both sides of them', async () => {
    const { read } = await roundTrip([[-0.37, 0, 1.234, 0]], 'uint8');
    expect([read[1], read[3]]).toEqual([0, 0]);
  });

  it('keeps a weight of one number', async () => {
    expect((await roundTrip([[0.3, 0.3]], 'uint8')).read).toEqual([Math.fround(0.3), Math.fround(0.3)]);
  });

  it('stores float16 in half the bytes, with three significant digits', async () => {
    await fc.assert(
      fc.asyncProperty(row, async (values) => {
        const { bytes, read } = await roundTrip([values], 'float16');
        expect(bytes).toBe(2 * values.length);
        read.forEach((value, i) => {
          const wanted = values[i] ?? NaN;
          expect(Math.abs(value - wanted)).toBeLessThanOrEqual(Math.abs(wanted) / 2048 + 1e-7);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('leaves biases and what is not float32 as they are, with uint8', async () => {
    const { data, specs } = await io.encodeWeights({
      bias: tensor1d([1.5, -2]),
      steps: tensor2d([[7]], [1, 1], 'int32'),
    });
    const stored = quantizeWeights({ weightData: data, weightSpecs: specs }, 'uint8');
    expect(stored.weightSpecs).toEqual(specs);
    expect(stored.weightData).toEqual(data);
  });

  it.each([
    ['float16', [[1, 70_000]], 'Weight "weight" holds 70000, too large for float16. Export it as float32.'],
    ['uint8', [[1, NaN]], 'Weight "weight" holds numbers that are not finite.'],
    ['float16', [[1, Infinity]], 'Weight "weight" holds numbers that are not finite.'],
  ] as const)('refuses what %s cannot hold', async (dtype, values, message) => {
    await expect(roundTrip(values as unknown as number[][], dtype)).rejects.toThrow(message);
  });
});
