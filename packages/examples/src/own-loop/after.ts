import {
  add,
  addN,
  mul,
  type Optimizer,
  square,
  sum,
  type Tensor,
  tidy,
  train,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { crossEntropy } from '@tfjs-distill/core';
import { distillation } from './distillation.js';

/** The loop that you have: a model learns from labels. */
export async function trainLoop(student: LayersModel, draw: Draw, epochs: number): Promise<void> {
  const optimizer: Optimizer = train.adam(2e-3);
  const manager = await distillation(student);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for await (const { x, y } of draw(epoch)) {
      await manager.onStepBegin({ x, y });
      tidy(() => {
        const { grads } = variableGrads(() => {
          const output = student.apply(x, { training: true }) as Tensor;
          let loss = crossEntropy(y, output);
          loss = manager.onAfterComputeLoss(x, output, loss);
          loss = add(loss, weightDecay(student));
          return loss;
        });
        optimizer.applyGradients(grads);
      });
      await manager.onStepEnd();
    }
  }
  await manager.onTrainEnd();
  optimizer.dispose();
}

const weightDecay = (student: LayersModel) =>
  mul(addN(student.trainableWeights.map((weight) => sum(square(weight.read())))), 1e-4);

/** Draws an epoch's batches, and frees them. */
export type Draw = (epoch: number) => AsyncIterable<{ readonly x: Tensor; readonly y: Tensor }>;
