import { memory, oneHot, randomNormal, randomUniform, type Tensor, tidy, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import {
  deepTeacher,
  kerasStudent,
  kerasTeacher,
} from '../../../packages/examples/src/mnist-distiller/models.js';
import { farthest, NATIVE } from '../../node/compiled/rig.js';

const MODELS = { kerasStudent, deepTeacher } as const;
const STEPS = 50;

/** Adam turns the rounding of gradients that are 0, of biases before batch norm, into steps: `deepTeacher` has some. */
const OPTIMIZERS = {
  kerasStudent: () => train.adam(1e-3, 0.9, 0.999, 1e-4),
  deepTeacher: () => train.sgd(1e-3),
};

async function trained(name: keyof typeof MODELS, stepRunner: 'eager' | 'compiled') {
  const [student, teacher] = [MODELS[name](1), kerasTeacher(2)];
  const losses: number[] = [];
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation({ temperature: 10, alpha: 0.1 }),
    optimizer: OPTIMIZERS[name](),
    stepRunner,
    plugins: [{ name: 'losses', onStepEnd: async ({ loss }) => void losses.push(await loss.value()) }],
  });
  const tensors: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const x: Tensor = randomNormal([32, 28, 28, 1], 0, 1, 'float32', step + 1);
    const y = tidy(() => oneHot(randomUniform([32], 0, 9.99, 'int32', step + 1), 10));
    await manager.trainStep({ x, y });
    x.dispose();
    y.dispose();
    tensors.push(memory().numTensors);
  }
  expect(tensors.at(-1)).toBe(tensors[9]);
  const weights = await Promise.all(student.getWeights().map((weight: Tensor) => weight.data()));
  for (const part of [manager, student, teacher]) void part.dispose();
  return { losses, weights: weights.flatMap((values) => [...values]), report: manager.stepReport };
}

describe.runIf(NATIVE)('the examples train compiled as they do eagerly, their teachers live', () => {
  it.each(['kerasStudent', 'deepTeacher'] as const)('%s', async (name) => {
    const eager = await trained(name, 'eager');
    const compiled = await trained(name, 'compiled');
    expect(compiled.report).toMatchObject({ reasons: [] });
    expect(compiled.report?.compiled).toBeGreaterThanOrEqual(47);
    expect(farthest(eager.losses, compiled.losses)).toBeLessThan(1e-5);
    expect(farthest(eager.weights, compiled.weights)).toBeLessThan(1e-5);
  });
});
