import {
  type Data,
  ensemble,
  expected,
  type History,
  type StudentLike,
  type TeacherLike,
  type TeacherSource,
} from '@tfjs-distill/core';
import { distillationChain, type DistillationChainOptions } from './distillationChain.js';
import { studentAsTeacher } from './studentAsTeacher.js';

export interface BornAgainOptions<Model extends StudentLike> extends DistillationChainOptions {
  /** Models to make, ≥ 1. Default 3. */
  readonly generations?: number;
  /** A new, untrained model; `generation` from 0 is good for a seed. */
  readonly create: (generation: number) => Model;
}

export interface BornAgain<Model extends StudentLike> {
  /** First to last; yours. */
  readonly models: readonly Model[];
  readonly histories: readonly History[];
  /** All generations as one: the mean of their distributions. */
  readonly ensemble: TeacherSource;
}

/**
 * Born-again networks: a model of the teacher's own size is distilled from it, the next one from that, and so
 * on; each is a little better, and their ensemble better still.
 *
 * @param teacher Generation before the first, trained.
 * @param data As for `fit`.
 * @returns The models, their histories, and the ensemble of the generations (the teacher is not in it).
 * @throws DistillError if `generations` is not a whole number above 0.
 *
 * @example
 * const { models, ensemble } = await bornAgain(teacher, { x, y }, { create: newModel, generations: 3, epochs: 5 });
 *
 * @see Furlanello et al., "Born-Again Neural Networks", https://arxiv.org/abs/1805.04770 (2018)
 */
export async function bornAgain<Model extends StudentLike>(
  teacher: TeacherLike,
  data: Data,
  { generations = 3, create, ...options }: BornAgainOptions<Model>,
): Promise<BornAgain<Model>> {
  if (!(Number.isInteger(generations) && generations > 0))
    throw expected('generations', 'a whole number above 0', generations, { where: 'bornAgain' });
  const models = Array.from({ length: generations }, (_, generation) => create(generation));
  const histories = await distillationChain(teacher, models, data, options);
  const members = models.map((model, i) => ({
    source: studentAsTeacher(model),
    name: `generation ${i + 1}`,
  }));
  return { models, histories, ensemble: ensemble(members) };
}
