import {
  type CompressionOptions,
  type Data,
  expected,
  type FitOptions,
  type History,
  prepareCompression,
  type StudentLike,
  type TeacherLike,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '../knowledgeDistillation.js';
import { studentAsTeacher } from './studentAsTeacher.js';

/** Options of one link's manager; its teacher is the link before. */
export type LinkOptions = Omit<CompressionOptions, 'teacher' | 'teachers'>;

export interface DistillationChainOptions extends FitOptions {
  /** What each link's manager takes: criteria and optimizers hold state, so each gets its own. Default `knowledgeDistillation()`. */
  readonly link?: (index: number) => LinkOptions;
}

/**
 * Distils from model to model: the teacher into the first, the first into the second, and so on.
 *
 * With teacher assistants, models of sizes between the teacher's and the student's, a small student gains
 * where the teacher is too far above it; the last model is the student.
 *
 * @param teacher Of the first model.
 * @param models Trained in place, one after the other; stay yours.
 * @param data As for `fit`; drawn anew for each model.
 * @returns A history for each model.
 * @throws DistillError if there is no model.
 *
 * @example
 * await distillationChain(teacher, [assistant, student], { x, y }, {
 *   epochs: 5,
 *   link: () => ({ criterion: knowledgeDistillation({ temperature: 4 }), optimizer: train.adam(1e-3) }),
 * });
 *
 * @see Mirzadeh et al., "Improved Knowledge Distillation via Teacher Assistant", https://arxiv.org/abs/1902.03393 (2020)
 */
export async function distillationChain(
  teacher: TeacherLike,
  models: readonly StudentLike[],
  data: Data,
  { link = () => ({ criterion: knowledgeDistillation() }), ...fitOptions }: DistillationChainOptions = {},
): Promise<History[]> {
  if (models.length === 0)
    throw expected('models', 'a list of one or more models', models, { where: 'distillationChain' });
  const histories: History[] = [];
  let above: TeacherLike = teacher;
  for (const [index, model] of models.entries()) {
    const manager = prepareCompression(model, { ...link(index), teacher: above });
    try {
      histories.push(await manager.fit(data, fitOptions));
    } finally {
      manager.dispose();
    }
    above = studentAsTeacher(model);
  }
  return histories;
}
