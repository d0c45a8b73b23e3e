import {
  abs,
  add,
  matMul,
  mean,
  ones,
  reshape,
  sub,
  type Tensor,
  tensor1d,
  train,
  zeros,
} from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  adaptiveAveragePool,
  type CompressionManager,
  type Criterion,
  prepareCompression,
} from '@tfjs-distill/core';
import {
  hint,
  reusedClassifier,
  reusedClassifierLoss,
  reusedClassifierModel,
  type ReusedClassifierOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { classifierProjector } from '../../packages/losses/src/classifierProjector.js';
import { REUSED, type ReusedClassifier } from '../../packages/losses/src/reusedClassifier.js';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, prepare } from './featureRig.js';

describeGolden<ReusedClassifierOptions>('simkd', ({ teacher, student, weights, ...kernels }, options) => {
  const [from, to] = [student!.shape.at(-1)!, teacher!.shape.at(-1)!];
  const projector = classifierProjector({ from, to, reduction: 2, seed: 0, name: 'golden' });
  for (const kernel of projector.variables.filter(({ name }) => name.endsWith('kernel'))) {
    const [, stage] = kernel.name.split('/');
    kernel.assign(reshape(kernels[`${stage}Kernel`]!, kernel.shape));
  }
  const project = (x: Tensor) => projector.apply(x, { training: true });
  const loss = reusedClassifierLoss(teacher!, student!, { ...options, project, weights });
  projector.dispose();
  return loss;
});

describe('reusedClassifierLoss', () => {
  it('is 1 for the example', async () => {
    expect(await numberOf(reusedClassifierLoss(ones([1, 2, 2, 3]), zeros([1, 4, 4, 3])))).toBeCloseTo(1, 6);
  });

  it('is 0 for identical features that nothing projects', async () => {
    const t = normal([2, 3, 3, 4], 1);
    expect(await numberOf(reusedClassifierLoss(t, t))).toBe(0);
  });

  it('names channels that differ, and refuses vectors', () => {
    expect(() => reusedClassifierLoss(ones([1, 2, 2, 3]), ones([1, 2, 2, 4]))).toThrow(
      /1×1 convolution 4 → 3/,
    );
    expect(() => reusedClassifierLoss(ones([1, 3]), ones([1, 3]))).toThrow(/a sequence or map/);
  });
});

describe('reusedClassifier', () => {
  it('trains a projector with a bottleneck, and leaves the task out', () => {
    const criterion = prepare(
      reusedClassifier({ student: 'a', teacher: 'b' }),
      { a: [null, 8, 8, 4] },
      { b: [null, 4, 4, 6] },
    );
    expect(criterion.taskWeight).toBe(0);
    const kernels = criterion.variables!.filter(({ name }) => name.endsWith('kernel'));
    expect(kernels.map(({ name, shape }) => [name, shape])).toEqual([
      ['simkd/a-b/reduce/kernel', [4, 3]],
      ['simkd/a-b/transform/kernel', [3, 3, 3, 3]],
      ['simkd/a-b/expand/kernel', [3, 6]],
    ]);
    criterion.dispose?.();
  });

  it('refuses vectors', () => {
    const vectors = { a: [null, 4] };
    expect(() => prepare(reusedClassifier({ student: 'a', teacher: 'a' }), vectors, vectors)).toThrow(
      /maps of known channels.*Tap the last maps before pooling/,
    );
  });
});

const SIZE = 8;

/** Convolution, pooling, classifier: the shape of every image network. A small `stride` keeps the map large. */
function imageModel(filters: number, seed: number, { stride = 2, flatten = false } = {}): LayersModel {
  const kernelInitializer = (offset: number) => initializers.glorotUniform({ seed: seed + offset });
  const convolution = {
    filters,
    kernelSize: 3,
    strides: stride,
    padding: 'same',
    activation: 'relu',
  } as const;
  const shape = { name: 'map', inputShape: [SIZE, SIZE, 1], kernelInitializer: kernelInitializer(0) };
  return sequential({
    layers: [
      layers.conv2d({ ...convolution, ...shape }),
      flatten ? layers.flatten({}) : layers.globalAveragePooling2d({}),
      layers.dense({ name: 'classifier', units: 3, kernelInitializer: kernelInitializer(1) }),
    ],
  });
}

const images = (batch: number, seed: number) => normal([batch, SIZE, SIZE, 1], seed);

/** Runs `use` while a manager has the criterion; both are freed whatever happens. */
async function withManager(
  [student, teacher]: readonly [LayersModel, LayersModel],
  use: (criterion: Criterion, manager: CompressionManager) => void | Promise<void>,
) {
  const criterion = reusedClassifier({ student: 'map', teacher: 'map' });
  const manager = prepareCompression(student, { teacher, criterion, optimizer: train.adam(0.02) });
  try {
    await use(criterion, manager);
  } finally {
    manager.dispose();
    student.dispose();
    teacher.dispose();
  }
}

const apart = async (a: Tensor, b: Tensor) => Math.max(...(await abs(sub(a, b)).data()));

describe('reusedClassifierModel', () => {
  it('comes to answer as the teacher does, by training', async () => {
    const [student, teacher] = [imageModel(8, 1), imageModel(6, 7)];
    await withManager([student, teacher], async (criterion, manager) => {
      const x = images(32, 3);
      const disagreement = async () => {
        const deployed = reusedClassifierModel(criterion, student, teacher);
        const difference = await apart(deployed.predict(x) as Tensor, teacher.predict(x) as Tensor);
        deployed.dispose();
        return difference;
      };
      const before = await disagreement();
      for (let step = 0; step < 60; step++) await manager.trainStep({ x });
      expect(await disagreement()).toBeLessThan(before / 2);
    });
  });

  it('computes what the projector does by its running averages, then the teacher’s classifier', async () => {
    const [student, teacher] = [imageModel(4, 1, { stride: 1 }), imageModel(6, 7)];
    await withManager([student, teacher], async (criterion, manager) => {
      await manager.trainStep({ x: images(16, 3) });
      const deployed = reusedClassifierModel(criterion, student, teacher);
      const x = images(4, 5);
      const { map } = manager.model.forward(x, { training: false, taps: ['map'] }).features;
      const { projector } = (criterion as never as { [REUSED]: ReusedClassifier })[REUSED];
      const projected = projector().apply(adaptiveAveragePool(map!, [4, 4]), { training: false });
      const [kernel, bias] = teacher.getLayer('classifier').getWeights();
      const wanted = add(matMul(mean(projected, [1, 2]), kernel!), bias!);
      expect(await apart(deployed.predict(x) as Tensor, wanted)).toBeLessThan(1e-4);
      deployed.dispose();
    });
  });

  it('leaves student and teacher usable, also when it is disposed', async () => {
    const [student, teacher] = [imageModel(4, 1), imageModel(6, 7)];
    await withManager([student, teacher], async (criterion, manager) => {
      const x = images(4, 1);
      reusedClassifierModel(criterion, student, teacher).dispose();
      await manager.trainStep({ x });
      const other = prepareCompression(student, {
        teacher,
        criterion: hint({ student: 'map', teacher: 'map' }),
      });
      await other.trainStep({ x, y: tensor1d([0, 1, 2, 0], 'int32') });
      other.dispose();
    });
  });

  it('says why a classifier that wants one size does not take another', async () => {
    const [student, teacher] = [imageModel(4, 1, { stride: 4 }), imageModel(6, 7, { flatten: true })];
    await withManager([student, teacher], (criterion) => {
      expect(() => reusedClassifierModel(criterion, student, teacher)).toThrow(
        /Layer "classifier" does not take an input of \[null, 24\].*teacher's sizes/,
      );
    });
  });

  it('refuses a criterion of another method', () => {
    const model = imageModel(4, 1);
    expect(() => reusedClassifierModel(hint({ student: 'a', teacher: 'a' }), model, model)).toThrow(
      /`criterion` to be one made by reusedClassifier, got "fitnet"/,
    );
    model.dispose();
  });
});
