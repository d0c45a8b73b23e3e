import { tensor2d } from '@tensorflow/tfjs-core';
import { DistillError, expected, type TeacherSource } from '@tfjs-distill/core';
import { type TeacherLogits } from './TeacherLogits.js';

const where = 'storedTeacher';

/**
 * A teacher that answers from stored logits, looked up by the batch's sample ids.
 *
 * Nothing of the teacher runs: a step costs what the student costs. The samples must reach the
 * student as the teacher saw them, so not augmented anew.
 *
 * @returns Source of logits `[batch, classes]`; the caller owns them. It has no features.
 * @throws DistillError from `outputs` if a batch has no ids (`OPTION`) or a sample has no answer (`DATA`).
 * @example
 * const teacher = storedTeacher({ ids: Int32Array.of(7), logits: Float32Array.of(2, -1), classes: 2 });
 * teacher.outputs({ x, ids: Int32Array.of(7) }); // logits [[2, -1]]
 */
export function storedTeacher({ ids, logits, classes }: TeacherLogits): TeacherSource {
  const rowOf = new Map(Array.from(ids, (id, row) => [id, row]));
  const lookUp = (id: number): Float32Array => {
    const row = rowOf.get(id);
    if (row === undefined) {
      throw new DistillError('DATA', `Expected a stored answer for sample ${id}, found none.`, {
        where,
        hint: `${rowOf.size} samples are stored.`,
      });
    }
    return logits.subarray(row * classes, (row + 1) * classes);
  };
  return {
    name: 'stored',
    signature: { output: [null, classes] },
    outputs: ({ ids: wanted }, taps = []) => {
      if (taps.length > 0)
        throw expected('taps.teacher', 'empty, for only logits are stored', taps, { where });
      if (wanted === undefined) throw expected('batch.ids', 'one id per sample', wanted, { where });
      const rows = new Float32Array(wanted.length * classes);
      wanted.forEach((id, i) => rows.set(lookUp(id), i * classes));
      return { logits: tensor2d(rows, [wanted.length, classes]), features: {} };
    },
  };
}
