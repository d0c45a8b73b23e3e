import {
  type CompressionOptions,
  type Data,
  expected,
  type History,
  prepareCompression,
  type StudentLike,
} from '@tfjs-distill/core';
import { type Optimizer } from '@tensorflow/tfjs-core';
import { mutualLearning } from '../mutualLearning.js';
import { peerTeachers } from '../peerTeachers.js';
import { fitTogether, type FitTogetherOptions } from './fitTogether.js';
import { studentAsTeacher } from './studentAsTeacher.js';

export interface LearnTogetherOptions extends FitTogetherOptions {
  /** Of the soft targets. Default 1, as in the paper. */
  readonly temperature?: number;
  /** Makes an optimizer for each student. Default Adam at 1e-3. */
  readonly optimizer?: (student: number) => Optimizer;
  /** What else each student's manager takes. */
  readonly options?: Omit<CompressionOptions, 'teacher' | 'teachers' | 'criterion' | 'stages' | 'optimizer'>;
}

/**
 * Deep mutual learning: students that teach each other, without a teacher before them.
 *
 * Each minimizes `task + 1 / (K − 1) · Σ KL(peer ‖ student)`; in each batch one after the other takes a step, the
 * peers answering with the weights they have by then, in inference mode.
 *
 * @param students Two or more; any sizes, the same classes. Trained in place, stay yours.
 * @param data As for `fit`.
 * @returns A history for each student.
 * @throws DistillError if there are fewer than two students.
 *
 * @example
 * const [small, large] = await learnTogether([smallModel, largeModel], { x, y }, { epochs: 5 });
 *
 * @see Zhang, Xiang, Hospedales, Lu, "Deep Mutual Learning", https://arxiv.org/abs/1706.00384 (2018)
 */
export async function learnTogether(
  students: readonly StudentLike[],
  data: Data,
  { temperature = 1, optimizer, options, ...fitOptions }: LearnTogetherOptions = {},
): Promise<History[]> {
  if (students.length < 2)
    throw expected('students', 'a list of two or more models', students, { where: 'learnTogether' });
  const managers = students.map((student, k) => {
    const peers = students.filter((_, other) => other !== k).map(studentAsTeacher);
    const others = peers.slice(1).map((_, i) => `peer${i + 2}`);
    return prepareCompression(student, {
      ...options,
      teacher: peerTeachers(peers),
      criterion: mutualLearning({ temperature, peers: others }),
      ...(optimizer && { optimizer: optimizer(k) }),
    });
  });
  try {
    return await fitTogether(managers, data, fitOptions);
  } finally {
    for (const manager of managers) manager.dispose();
  }
}
