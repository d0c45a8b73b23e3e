import { dispose, randomNormal, softmax, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { attachExits, earlyExit, quantile } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';

const BATCH = 32;
const ROUNDS = 7;

/** A cheap block, then six that cost forty times as much. */
function deep(): LayersModel {
  const conv = (name: string, filters: number, seed: number, strides = 1, inputShape?: number[]) =>
    layers.conv2d({
      name,
      filters,
      strides,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: initializers.heNormal({ seed }),
      ...(inputShape && { inputShape }),
    });
  return sequential({
    layers: [
      conv('first', 16, 1, 2, [32, 32, 3]),
      ...Array.from({ length: 6 }, (_, i) => conv(`deep${i}`, 48, i + 2)),
      layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      layers.dense({ name: 'logits', units: 10, kernelInitializer: initializers.heNormal({ seed: 9 }) }),
    ],
  });
}

describe('earlyExit', () => {
  it('takes the less time, the more samples leave early', async () => {
    const student = attachExits(deep(), [{ after: 'first', head: 'pool' }]);
    const fast = earlyExit(student);
    const x = randomNormal([BATCH, 32, 32, 3], 0, 1, 'float32', 1);
    const sure = await confidencesOf(student, x);
    const shares = [1, 0.75, 0.5, 0.25, 0];
    const thresholds = shares.map((share) => thresholdFor(sure, share));
    const times = shares.map((): number[] => []);
    for (let round = -2; round < ROUNDS; round++) {
      for (const [i, threshold] of thresholds.entries()) {
        const began = performance.now();
        const { logits, probabilities, exits } = await fast.predictEarlyExit(x, { threshold });
        await probabilities.data();
        if (round >= 0) times[i]!.push(performance.now() - began); // the first rounds warm up
        expect([...exits].filter((exit) => exit === 0).length / BATCH).toBeCloseTo(shares[i]!, 1);
        dispose([logits, probabilities] as Tensor[]);
      }
    }
    const medians = times.map((list) => quantile(list, 0.5));
    for (const [i, median] of medians.entries()) {
      if (i > 0) expect(medians[i - 1]!, `${medians.join(', ')} ms`).toBeLessThan(median);
    }
    expect(medians[0]!).toBeLessThan(0.35 * medians.at(-1)!);
    expect(medians[2]!).toBeLessThan(0.8 * medians.at(-1)!);
    student.dispose();
  });
});

async function confidencesOf(model: LayersModel, x: Tensor): Promise<number[]> {
  const probs = tidy(() => softmax((model.apply(x, { training: false }) as Tensor[])[1]!));
  const rows = (await probs.array()) as number[][];
  return rows.map((row) => Math.max(...row));
}

/** Halfway between the last sample that is to leave and the first that is to stay. */
function thresholdFor(confidences: readonly number[], share: number): number {
  const sorted = [...confidences].sort((a, b) => b - a);
  const leaving = Math.round(share * sorted.length);
  if (leaving === 0) return 0.999999;
  return ((sorted[leaving - 1] ?? 1) + (sorted[leaving] ?? 0)) / 2;
}
