import { slice, type Tensor, tensor1d, tensor2d, tidy, train, variableGrads } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { crossEntropy, prepareCompression } from '@tfjs-distill/core';
import {
  DistillationConfig,
  IntermediateLayersKnowledgeDistillationLossConfig,
  KnowledgeDistillationLossConfig,
  knowledgeDistillation,
  SelfKnowledgeDistillationLossConfig,
  squaredError,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../../fixtures/models.js';

describe('DistillationConfig', () => {
  it('drives a loop of one’s own, line by line as in Intel Neural Compressor’s guide', async () => {
    const [teacherModel, student] = [mlp(16, 1), mlp(4, 2)];
    const optimizer = train.sgd(0.1);
    const batches = [problem(16, 1), problem(16, 2)];
    const conf = new DistillationConfig({ teacherModel, criterion: new KnowledgeDistillationLossConfig() });
    const compressionManager = prepareCompression(student, conf);
    const { model } = compressionManager;
    const losses: number[] = [];
    compressionManager.use({
      name: 'watch',
      onStepEnd: async ({ loss }) => void losses.push(await loss.value()),
    });

    await compressionManager.onTrainBegin();
    for (let epoch = 0; epoch < 5; epoch++) {
      await compressionManager.onEpochBegin(epoch);
      for (const { x, y } of batches) {
        await compressionManager.onStepBegin({ x, y });
        tidy(() => {
          const { grads } = variableGrads(() => {
            const output = model.forward(x, { training: true });
            const loss = crossEntropy(y, output.output);
            return compressionManager.onAfterComputeLoss(x, output, loss);
          }, compressionManager.variables);
          optimizer.applyGradients(compressionManager.onBeforeOptimizerStep(grads));
          compressionManager.onAfterOptimizerStep();
        });
        await compressionManager.onStepEnd();
      }
      await compressionManager.onEpochEnd();
    }
    await compressionManager.onTrainEnd();

    expect(losses).toHaveLength(10);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    compressionManager.dispose();
    for (const owned of [teacherModel, student, optimizer]) owned.dispose();
  });

  it('trains as `knowledgeDistillation` with the same weights does', async () => {
    const data = problem(32);
    const trained = async (config: Parameters<typeof prepareCompression>[1]) => {
      const student = mlp(4, 2);
      const manager = prepareCompression(student, config);
      await manager.fit(data, { epochs: 2 });
      manager.dispose();
      const weights = await weightsOf(student);
      student.dispose();
      return weights;
    };
    const teacher = mlp(16, 1);
    const criterion = new KnowledgeDistillationLossConfig({
      temperature: 2,
      lossTypes: ['CE', 'KL'],
      lossWeights: [0.75, 0.25],
    });
    const theirs = await trained(new DistillationConfig({ teacherModel: teacher, criterion }));
    const kd = knowledgeDistillation({ temperature: 2, taskWeight: 0.75, softWeight: 0.25 });
    expect(theirs).toEqual(await trained({ teacher, criterion: kd }));
    teacher.dispose();
  });

  it('asks no teacher where the soft loss weighs nothing, and needs none', () => {
    const student = mlp(4, 2);
    const criterion = new KnowledgeDistillationLossConfig({ lossWeights: [1, 0] });
    const manager = prepareCompression(student, new DistillationConfig({ criterion }));
    expect(manager.teacher).toBeUndefined();
    manager.dispose();
    student.dispose();
  });

  it('takes the task’s loss from the first of `lossTypes`', () => {
    const criterion = new KnowledgeDistillationLossConfig({ lossTypes: ['MSE', 'MSE'] });
    expect(new DistillationConfig({ criterion }).toOptions().taskLoss).toBe(squaredError);
  });

  it('refuses what is no loss configuration, and options that prepareCompression does not know', () => {
    const student = mlp(4, 2);
    expect(() => new DistillationConfig({ criterion: 'kd' as never })).toThrow(
      /`criterion` to be a loss configuration/,
    );
    expect(() => prepareCompression(student, new DistillationConfig({ teacher: 1 } as never))).toThrow(
      /teacher/,
    );
    expect(() => prepareCompression(student, new DistillationConfig({ optimiser: 1 } as never))).toThrow(
      /"optimiser". Did you mean "optimizer"/,
    );
    student.dispose();
  });
});

describe('KnowledgeDistillationLossConfig', () => {
  it('takes computed weights that sum to 1 within rounding, and refuses others', () => {
    expect(() => new KnowledgeDistillationLossConfig({ lossWeights: [0.1 + 0.2, 0.7] })).not.toThrow();
    expect(() => new KnowledgeDistillationLossConfig({ lossWeights: [0.5, 0.6] })).toThrow(
      /two weights that sum to 1/,
    );
    expect(() => new KnowledgeDistillationLossConfig({ temperature: 0 })).toThrow(/`temperature`.*above 0/);
    expect(() => new KnowledgeDistillationLossConfig({ lossTypes: ['KL', 'KL'] as never })).toThrow(
      /lossTypes/,
    );
  });
});

describe('IntermediateLayersKnowledgeDistillationLossConfig', () => {
  const mapped = { layerMappings: [['hidden', 'hidden']] as ['hidden', 'hidden'][], addOriginLoss: true };

  it('trains its adapters from the first step and leaves them out of the student', async () => {
    const [teacherModel, student] = [mlp(16, 1), mlp(4, 2)];
    const criterion = new IntermediateLayersKnowledgeDistillationLossConfig(mapped);
    const manager = prepareCompression(student, new DistillationConfig({ teacherModel, criterion }));
    const [kernel] = manager.variables.slice(student.trainableWeights.length);
    const before = await kernel!.data();
    await manager.fit(problem(32), { epochs: 1 });
    expect(await kernel!.data()).not.toEqual(before);
    expect(student.countParams()).toBe(4 * 4 + 4 + 4 * 3 + 3);
    manager.dispose();
    for (const model of [teacherModel, student]) model.dispose();
  });

  it('lets a function take out of each side what is to be compared', async () => {
    const [teacherModel, student] = [mlp(8, 1), mlp(4, 2)];
    const firstHalf = (feature: Tensor) => slice(feature, [0, 0], [-1, 4]);
    const criterion = new IntermediateLayersKnowledgeDistillationLossConfig({
      layerMappings: [
        [
          ['hidden', ''],
          ['hidden', firstHalf],
        ],
      ],
    });
    const manager = prepareCompression(student, new DistillationConfig({ teacherModel, criterion }));
    expect(manager.variables).toHaveLength(student.trainableWeights.length); // same shapes: no adapter
    const { epochs } = await manager.fit(problem(32), { epochs: 8, batchSize: 8 });
    const name = 'IntermediateLayersKnowledgeDistillationLoss';
    expect(epochs.at(-1)![name]!).toBeLessThan(epochs[0]![name]!);
    manager.dispose();
    for (const model of [teacherModel, student]) model.dispose();
  });

  it('refuses lists of different lengths, mappings that are none, and unknown layers', () => {
    const config = (options: object) =>
      new IntermediateLayersKnowledgeDistillationLossConfig({ ...mapped, ...options });
    expect(() => config({ lossTypes: ['MSE', 'MSE'] })).toThrow(
      /`lossTypes` to be a list of 1, one for each mapping/,
    );
    expect(() => config({ lossWeights: [0.5, 0.5] })).toThrow(/`lossWeights`/);
    expect(() => config({ layerMappings: [['a', 'b', 'c']] })).toThrow(/\[student, teacher\] or \[both\]/);
    expect(() => config({ layerMappings: [[['a', '0']]] })).toThrow(/layerMappings\[0\].*name of a layer/);
    expect(() => config({ layerMappings: [] })).toThrow(/layerMappings/);
    const [teacherModel, student] = [mlp(8, 1), mlp(4, 2)];
    const criterion = config({ layerMappings: [['hiden', 'hidden']] });
    expect(() => prepareCompression(student, new DistillationConfig({ teacherModel, criterion }))).toThrow(
      /"hiden". Did you mean "hidden"/,
    );
    for (const model of [teacherModel, student]) model.dispose();
  });
});

describe('SelfKnowledgeDistillationLossConfig', () => {
  const groups = {
    layerMappings: [[['early', 'logits']]] as [string, string][][],
    lossTypes: ['KL' as const],
    lossWeights: [1],
    temperature: 3,
  };
  const student = () =>
    sequential({
      layers: [
        layers.dense({ name: 'early', units: 3, inputShape: [4] }),
        layers.dense({ name: 'logits', units: 3 }),
      ],
    });

  it('makes the shallower exit agree with the deeper one, which gets no gradient', async () => {
    const model = student();
    const criterion = new SelfKnowledgeDistillationLossConfig(groups);
    const manager = prepareCompression(model, new DistillationConfig({ teacherModel: model, criterion }));
    const before = await weightsOf(model);
    await manager.fit(problem(32), { epochs: 3 });
    const after = await weightsOf(model);
    expect(after[0]).not.toEqual(before[0]); // the shallower exit's kernel
    expect(after[2]).toEqual(before[2]); // the deeper one's
    manager.dispose();
    model.dispose();
  });

  it('moves the deeper exit too in compat mode, as Intel Neural Compressor does', async () => {
    const model = student();
    const criterion = new SelfKnowledgeDistillationLossConfig(groups);
    const manager = prepareCompression(model, new DistillationConfig({ criterion, compat: 'inc' }));
    const before = await weightsOf(model);
    await manager.fit(problem(32), { epochs: 1 });
    expect((await weightsOf(model))[2]).not.toEqual(before[2]);
    manager.dispose();
    model.dispose();
  });

  it('refuses lists of different lengths and logits of different shapes', () => {
    const model = mlp(8, 1);
    expect(() => new SelfKnowledgeDistillationLossConfig({ ...groups, lossTypes: [] })).toThrow(
      /of one length/,
    );
    const criterion = new SelfKnowledgeDistillationLossConfig({
      ...groups,
      layerMappings: [[['hidden', 'logits']]],
    });
    expect(() => prepareCompression(model, new DistillationConfig({ criterion }))).toThrow(
      /logits of one shape for KL/,
    );
    model.dispose();
  });
});

describe('squaredError', () => {
  it('is 2 for the example, from class numbers and from one-hot labels', async () => {
    const logits = tensor2d([[0, 3]]);
    expect(await squaredError(tensor1d([1], 'int32'), logits).data()).toEqual(new Float32Array([2]));
    expect(await squaredError(tensor2d([[0, 1]]), logits).data()).toEqual(new Float32Array([2]));
  });
});
