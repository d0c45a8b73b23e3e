import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type CompressionManager, prepareCompression } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { shippedTeacher } from '../example/shippedTeacher.js';

/** Who teaches, and how. */
export async function distillation(student: LayersModel): Promise<CompressionManager> {
  return prepareCompression(student, {
    teacher: await shippedTeacher(),
    criterion: knowledgeDistillation({ temperature: 4, alpha: 0.1 }),
  });
}
