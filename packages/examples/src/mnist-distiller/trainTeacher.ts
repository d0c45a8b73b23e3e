import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type LabelledImages } from '@tfjs-distill/node';
import { firstIds } from './batches.js';
import { deepTeacher, kerasTeacher } from './models.js';
import { type Training } from './settings.js';
import { train, type TrainOptions } from './train.js';

/** Trains a teacher on all labels. The caller owns it. */
export async function trainTeacher(
  kind: 'deep' | 'keras',
  training: Training,
  set: LabelledImages,
  test: TrainOptions['test'],
): Promise<LayersModel> {
  const seed = 1;
  const teacher = kind === 'deep' ? deepTeacher(seed) : kerasTeacher(seed);
  await train(teacher, { name: 'teacher', set, ids: firstIds(set.shape[0]), training, seed, test });
  return teacher;
}
