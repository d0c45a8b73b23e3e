import {
  asStudent,
  parseOptions,
  type Plugin,
  Snapshot,
  type StudentLike,
  type TeacherSource,
  WeightAverage,
  weightsOf,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { studentAsTeacher } from './studentAsTeacher.js';

const schema = z.strictObject({
  decay: z._default(z.number().check(z.gte(0), z.lt(1)), 0.999),
  warmUp: z._default(z.boolean(), true),
});

export type MeanTeacherOptions = z.input<typeof schema>;

export interface MeanTeacher {
  /** Answers with the student's averaged weights, in inference mode. For `prepareCompression`'s `teacher`. */
  readonly teacher: TeacherSource;
  /** Averages after each step, owns the averages, and is part of checkpoints. For its `plugins`. */
  readonly plugin: Plugin;
}

/**
 * Mean teacher: a student is taught by the moving average of its own weights,
 * `average ← decay · average + (1 − decay) · weights` after each step.
 *
 * Any criterion compares the two; the consistency loss of the paper is `logitsMse` or `knowledgeDistillation`
 * with a weight that ramps up. Samples without a label (−1) learn from the teacher alone. Student and
 * teacher see different views of a sample by `teacher: { source: teacher, input: (batch) => … }`.
 *
 * @param student The one given to `prepareCompression`.
 * @param options `decay` from 0 below 1, default 0.999; `warmUp`: it starts low and rises as `(1 + n) / (10 + n)`.
 * @throws DistillError if `decay` is out of range.
 *
 * @example
 * const { teacher, plugin } = meanTeacher(student, { decay: 0.99 });
 * const criterion = knowledgeDistillation({ temperature: 1, taskWeight: 1, softWeight: linear(0, 1) });
 * const manager = prepareCompression(student, { teacher, plugins: [plugin], criterion });
 *
 * @see Tarvainen, Valpola, "Mean teachers are better role models", https://arxiv.org/abs/1703.01780 (2017)
 */
export function meanTeacher(student: StudentLike, options: MeanTeacherOptions = {}): MeanTeacher {
  const average = new WeightAverage(parseOptions(schema, options, 'meanTeacher'));
  const learner = asStudent(student);
  const self = studentAsTeacher(learner);
  return {
    teacher: {
      name: `mean of ${learner.name}`,
      signature: self.signature,
      // until the first step teacher and student are one
      outputs: (batch, taps) =>
        borrowing(weightsOf(learner), average.averages, () => self.outputs(batch, taps)),
    },
    plugin: {
      name: 'mean-teacher',
      onTrainBegin: () => average.begin(),
      onAfterOptimizerStep: () => average.update(weightsOf(learner)),
      dispose: () => average.dispose(),
      state: () => average.state(),
      restore: (state) => average.restore(state, weightsOf(learner)),
    },
  };
}

/** Runs something while the variables hold other values. Nothing is copied: they share their data. */
function borrowing<T>(
  variables: ConstructorParameters<typeof Snapshot>[0],
  values: Snapshot | undefined,
  run: () => T,
): T {
  if (values === undefined) return run();
  const own = new Snapshot(variables);
  try {
    values.restore();
    return run();
  } finally {
    own.restore();
    own.dispose();
  }
}
