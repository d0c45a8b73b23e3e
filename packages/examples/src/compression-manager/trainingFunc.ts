import { type Optimizer, tidy, variableGrads } from '@tensorflow/tfjs-core';
import { type Batch, type CompressionManager, crossEntropy } from '@tfjs-distill/core';

/**
 * Intel Neural Compressor's `training_func_for_nc`, line by line, with every hook.
 *
 * @param dataloader Gives the batches of an epoch; frees them when the next is drawn.
 */
export async function trainingFunc(
  compressionManager: CompressionManager,
  dataloader: (epoch: number) => AsyncIterable<Batch>,
  optimizer: Optimizer,
  epochs: number,
): Promise<void> {
  const { model } = compressionManager;
  await compressionManager.onTrainBegin({ epochs });
  for (let epoch = 0; epoch < epochs; epoch++) {
    await compressionManager.onEpochBegin(epoch);
    for await (const batch of dataloader(epoch)) {
      await compressionManager.onStepBegin(batch); // asks the teacher: it needs the batch, not its number
      tidy(() => {
        const { grads } = variableGrads(() => {
          const output = model.forward(batch.x, { training: true, taps: compressionManager.taps });
          const loss = crossEntropy(batch.y!, output.output);
          return compressionManager.onAfterComputeLoss(batch.x, output, loss);
        }, compressionManager.variables);
        optimizer.applyGradients(compressionManager.onBeforeOptimizerStep(grads));
        compressionManager.onAfterOptimizerStep();
      });
      await compressionManager.onStepEnd();
    }
    await compressionManager.onEpochEnd();
  }
  await compressionManager.onTrainEnd();
}
