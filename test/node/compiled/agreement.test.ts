import {
  engine,
  memory,
  oneHot,
  randomNormal,
  type Tensor,
  tensor1d,
  tidy,
  train,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { type CompressionOptions, prepareCompression, type StepReport } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';

const NATIVE = engine().backendName === 'tensorflow';
const SIZE = 8;

function studentOf(seed: number) {
  const kernelInitializer = () => ({ className: 'GlorotUniform', config: { seed: seed++ } }) as never;
  return sequential({
    layers: [
      layers.conv2d({
        inputShape: [8, 8, 1],
        filters: 4,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: kernelInitializer(),
      }),
      layers.flatten(),
      layers.dense({ units: 10, kernelInitializer: kernelInitializer() }),
    ],
  });
}

function batchAt(step: number, size = SIZE) {
  const x = randomNormal([size, 8, 8, 1], 0, 1, 'float32', step + 1);
  const classes = Array.from({ length: size }, (_, i) => (i + step) % 10);
  const y = tidy(() => oneHot(tensor1d(classes, 'int32'), 10));
  return { x, y };
}

interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly number[];
  readonly report: StepReport | undefined;
}

async function trained(
  stepRunner: 'eager' | 'auto',
  steps: number,
  options: Partial<CompressionOptions> = {},
): Promise<Trained> {
  const student = studentOf(1);
  const teacher = studentOf(7);
  const losses: number[] = [];
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation({ temperature: 4, alpha: 0.3 }),
    optimizer: train.adam(1e-2),
    ...options,
    stepRunner,
    plugins: [
      { name: 'losses', onStepEnd: async ({ loss }) => void losses.push(await loss.value()) },
      ...(options.plugins ?? []),
    ],
  });
  let tensors = 0;
  for (let step = 0; step < steps; step++) {
    const batch = batchAt(step);
    await manager.trainStep(batch);
    batch.x.dispose();
    batch.y.dispose();
    if (step === 5) tensors = memory().numTensors;
  }
  expect(memory().numTensors).toBe(tensors);
  const weights = (await Promise.all(student.getWeights().map((w: Tensor) => w.data()))).flatMap((values) => [
    ...values,
  ]);
  const report = manager.stepReport;
  manager.dispose();
  student.dispose();
  teacher.dispose();
  return { losses, weights, report };
}

describe.runIf(NATIVE)('a compiled step', () => {
  it('gives the losses and weights of an eager one', async () => {
    const eager = await trained('eager', 50);
    const compiled = await trained('auto', 50);
    eager.losses.forEach((loss, i) => expect(Math.abs(loss - compiled.losses[i]!)).toBeLessThan(1e-5));
    eager.weights.forEach((w, i) => expect(Math.abs(w - compiled.weights[i]!)).toBeLessThan(1e-5));
    expect(compiled.report?.compiled).toBeGreaterThan(40);
  });
});
