import { type LayersModel } from '@tensorflow/tfjs-layers';
import { everyRow, type Samples } from '@tfjs-distill/node';
import { deepTeacher, kerasTeacher } from './models.js';
import { type Training } from './settings.js';
import { train, type TrainOptions } from './train.js';

/** Trains a teacher on all labels. The caller owns it. */
export async function trainTeacher(
  kind: 'deep' | 'keras',
  training: Training,
  set: Samples,
  test: TrainOptions['test'],
): Promise<LayersModel> {
  const seed = 1;
  const teacher = kind === 'deep' ? deepTeacher(seed) : kerasTeacher(seed);
  await train(teacher, { name: 'teacher', set, rows: everyRow(set), training, seed, test });
  return teacher;
}
