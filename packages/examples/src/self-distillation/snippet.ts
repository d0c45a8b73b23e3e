import { type io, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  attachExits,
  calibrateExits,
  earlyExit,
  evaluateExits,
  exitFacts,
  exportExits,
  prepareCompression,
  type TensorData,
} from '@tfjs-distill/core';
import { selfDistillation } from '@tfjs-distill/losses';

/** All of docs/exits.md in one go. The caller owns the student and the probabilities. */
export async function selfDistil(
  model: LayersModel,
  { data, validation, x }: { data: TensorData; validation: TensorData; x: Tensor },
  handler: io.IOHandler,
) {
  // Begin-example
  const student = attachExits(model, [
    { after: 'conv2', head: 'attention' }, // 'attention' | 'bottleneck' | 'pool' | (x) => logits
    { after: 'conv3', head: 'bottleneck' },
  ]);
  const manager = prepareCompression(student, {
    criterion: selfDistillation({ temperature: 3, alpha: 0.3 }),
  });
  await manager.fit(data, { epochs: 20 });

  const rows = await evaluateExits(student, validation); // every exit, the deepest classifier, the ensemble
  const { chosen } = calibrateExits(await exitFacts(student, validation), { accuracy: 0.7 });
  const { logits, probabilities, cost } = await earlyExit(student).predictEarlyExit(x, chosen);

  await exportExits(student).save(handler); // without exits: the bytes of the model alone
  await exportExits(student, { keep: ['exit_conv3'] }).save(handler);
  await exportExits(student, { upTo: 'exit_conv2' }).save(handler); // a smaller network
  // End-example
  manager.dispose();
  logits.dispose();
  return { student, rows, chosen, probabilities, cost };
}
