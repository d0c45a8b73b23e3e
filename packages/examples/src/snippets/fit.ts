import { type Tensor, train } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type History, linear, prepareCompression } from '@tfjs-distill/core';
import { attentionTransfer, knowledgeDistillation } from '@tfjs-distill/losses';

/** The whole training by one call: two criteria, a schedule, a plugin. */
export async function fitWithTwoCriteria(
  student: LayersModel,
  teacher: LayersModel,
  data: { x: Tensor; y: Tensor },
): Promise<History> {
  // Begin-example
  const manager = prepareCompression(student, {
    teacher,
    criterion: [
      knowledgeDistillation({ temperature: linear({ from: 8, to: 2 }), alpha: 0.1 }),
      attentionTransfer({ student: 'block2', teacher: 'block4', weight: 100 }),
    ],
    optimizer: train.adam(2e-3),
    plugins: [
      {
        name: 'stop-when-good',
        onEpochEnd: ({ logs, stop }) => {
          if ((logs['val_accuracy'] ?? 0) > 0.99) stop('good enough');
        },
      },
    ],
  });
  const history = await manager.fit(data, { epochs: 10, batchSize: 64, validation: data });
  // End-example
  manager.dispose();
  return history;
}
