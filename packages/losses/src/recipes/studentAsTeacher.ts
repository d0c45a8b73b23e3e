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
  const learner = asStudent(student);
  return {
    name: learner.name,
    signature: learner.signature,
    outputs: ({ x }, taps = []) =>
      tidy(() => {
        const { output, features } = learner.forward(x, { training: false, taps });
        return { logits: output, features };
      }),
  };
}
