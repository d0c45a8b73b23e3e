import { oneHot, randomNormal, randomUniform, type Tensor, tidy, train } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type CompressionOptions, cosine, learningRate, prepareCompression } from '@tfjs-distill/core';
import { selfDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { shippedTeacher } from '../../../packages/examples/src/example/shippedTeacher.js';
import { METHODS } from '../../../packages/examples/src/hints/methods.js';
import { thinStudent } from '../../../packages/examples/src/hints/models.js';
import { DEFAULT } from '../../../packages/examples/src/self-distillation/settings.js';
import { network } from '../../../packages/examples/src/self-distillation/trainNetwork.js';
import { farthest, NATIVE } from '../../node/compiled/rig.js';

const EPOCHS = 3;
const STEPS = 12; // of each epoch
const BATCH = 16;

async function trained(student: LayersModel, options: CompressionOptions) {
  const x = randomNormal([STEPS * BATCH, 28, 28, 1], 0, 1, 'float32', 1);
  const y = tidy(() => oneHot(randomUniform([STEPS * BATCH], 0, 9.99, 'int32', 2), 10));
  const losses: number[] = [];
  const manager = prepareCompression(student, {
    ...options,
    // as the examples, but for rounding that Adam blows up where a gradient is truly 0
    optimizer: train.sgd(1e-2),
    plugins: [
      learningRate({ rate: cosine({ from: 1e-2, to: 1e-4 }) }),
      { name: 'losses', onStepEnd: async ({ loss }) => void losses.push(await loss.value()) },
    ],
  });
  await manager.fit({ x, y }, { epochs: EPOCHS, batchSize: BATCH });
  const weights = await Promise.all(student.getWeights().map((weight: Tensor) => weight.data()));
  for (const part of [x, y, manager, student]) void part.dispose();
  return { losses, weights: weights.flatMap((values) => [...values]), report: manager.stepReport! };
}

async function agreed(student: () => LayersModel, options: () => CompressionOptions) {
  const eager = await trained(student(), { ...options(), stepRunner: 'eager' });
  const compiled = await trained(student(), { ...options(), stepRunner: 'compiled' });
  expect(eager.losses.length).toBe(EPOCHS * STEPS);
  expect(farthest(eager.losses, compiled.losses)).toBeLessThan(1e-5);
  expect(farthest(eager.weights, compiled.weights)).toBeLessThan(1e-5);
  return compiled.report;
}

describe.runIf(NATIVE)('the recipes of the examples train compiled as they do eagerly', () => {
  it('self-distillation by exits', async () => {
    const options = { settings: DEFAULT, inputShape: [28, 28, 1], classes: 10, seed: 1 };
    const student = () => network('distilled', options);
    const report = await agreed(student, () => ({ criterion: selfDistillation() }));
    expect(report.compiled).toBeGreaterThan((EPOCHS * STEPS) / 2);
  });

  it.each(METHODS.map((method) => [method.name, method] as const))('%s', async (_, { stages }) => {
    const teacher = await shippedTeacher();
    const report = await agreed(
      () => thinStudent(1),
      () => ({ teacher, stages: stages(EPOCHS) }),
    );
    expect(report.compiled).toBeGreaterThan((EPOCHS * STEPS) / 2);
    teacher.dispose();
  });
});
