import { type Optimizer, type Tensor, tidy, train, variableGrads } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { crossEntropy, prepareCompression } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';

/** Your own loop, distilled. */
export async function ownLoop(
  student: LayersModel,
  teacher: LayersModel,
  batches: { x: Tensor; y: Tensor }[],
  epochs: number,
): Promise<void> {
  // Begin-example
  const optimizer: Optimizer = train.adam(1e-3);
  const manager = prepareCompression(student, {
    teacher, // LayersModel, GraphModel, or (x) => logits
    criterion: knowledgeDistillation({ temperature: 4, alpha: 0.1 }),
  });

  await manager.onTrainBegin({ epochs });
  for (let epoch = 0; epoch < epochs; epoch++) {
    await manager.onEpochBegin(epoch);
    for (const { x, y } of batches) {
      await manager.onStepBegin({ x, y }); // asks the teacher, outside of the tape
      tidy(() => {
        const { grads } = variableGrads(() => {
          const output = student.apply(x, { training: true }) as Tensor;
          return manager.onAfterComputeLoss(x, output, crossEntropy(y, output));
        }, manager.variables);
        optimizer.applyGradients(manager.onBeforeOptimizerStep(grads));
        manager.onAfterOptimizerStep();
      });
      await manager.onStepEnd();
    }
    await manager.onEpochEnd();
  }
  await manager.onTrainEnd();
  // End-example
  manager.dispose();
  optimizer.dispose();
}
