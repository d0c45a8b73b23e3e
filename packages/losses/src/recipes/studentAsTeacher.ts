import { tidy } from '@tensorflow/tfjs-core';
import { asStudent, type StudentLike, type TeacherSource } from '@tfjs-distill/core';

/**
 * A student as others' teacher: it answers with the weights it has by then, in inference mode.
 *
 * @param student Stays yours.
 * @returns Source whose outputs the caller owns.
 *
 * @example
 * prepareCompression(next, { teacher: studentAsTeacher(previous), criterion: knowledgeDistillation() });
 */
export function studentAsTeacher(student: StudentLike): TeacherSource {
  const { name, signature, forward } = asStudent(student);
  return {
    name,
    signature,
    outputs: ({ x }, taps = []) =>
      tidy(() => {
        const { output, features } = forward(x, { training: false, taps });
        return { logits: output, features };
      }),
  };
}
