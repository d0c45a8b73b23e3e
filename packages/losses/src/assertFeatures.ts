import { type Tensor } from '@tensorflow/tfjs-core';
import { chooseAdapter, describePlan, DistillError, expected, shapeMismatch } from '@tfjs-distill/core';
import { assertTensors } from './checks.js';

/** Features of both sides, by the names that messages give them. */
export interface FeaturePair {
  readonly teacherFeatures: Tensor;
  readonly studentFeatures: Tensor;
}

/** What one side may be: vectors `[batch, d]` are of rank 2, sequences of 3, maps of 4. */
export interface FeatureRule {
  /** The least rank. Default 2. */
  readonly rank?: number;
  /** What must agree: the whole shape, rank and number of samples, or the number of samples alone. */
  readonly same: 'shape' | 'samples' | 'batch';
  /** Name of the loss. */
  readonly where: string;
}

/** Refuses features that cannot be compared; says which adapter would mend it. */
export function assertFeatures(pair: FeaturePair, weights: Tensor | undefined, rule: FeatureRule): void {
  const { rank = 2, same, where } = rule;
  assertTensors({ ...pair }, { where });
  for (const [name, { shape }] of Object.entries(pair) as [string, Tensor][]) {
    if (shape.length < rank)
      throw expected(name, RANKS[rank] ?? 'a batch', `shape [${shape.join(', ')}]`, { where });
  }
  const { teacherFeatures: teacher, studentFeatures: student } = pair;
  if (part(teacher, same) !== part(student, same)) {
    const shapes = { teacherFeatures: teacher.shape, studentFeatures: student.shape };
    throw shapeMismatch(RULES[same], shapes, { where, hint: mend(teacher, student) });
  }
  if (weights !== undefined && weights.shape.join() !== String(student.shape[0])) {
    const shapes = { weights: weights.shape, studentFeatures: student.shape };
    throw shapeMismatch('one weight per sample', shapes, { where });
  }
}

const RANKS: Readonly<Record<number, string>> = {
  2: 'vectors or maps, [batch, …, channels]',
  3: 'a sequence or map, [batch, …sizes, channels]',
};

const RULES = {
  shape: 'features of one shape',
  samples: 'features of one rank and as many samples',
  batch: 'features of as many samples',
};

function part({ shape }: Tensor, same: FeatureRule['same']): string {
  if (same === 'shape') return shape.join();
  return same === 'batch' ? String(shape[0]) : [shape.length, shape[0]].join();
}

/** The adapter that takes the student's features to the teacher's, in words. */
function mend(teacher: Tensor, student: Tensor): string {
  if (teacher.shape[0] !== student.shape[0]) return 'Give both the same samples in the same order.';
  try {
    const plan = describePlan(chooseAdapter(student.shape, teacher.shape));
    return `createAdapter([${student.shape.join(', ')}], [${teacher.shape.join(', ')}]) mends it by ${plan}; criteria do it where \`adapter\` is 'auto'.`;
  } catch (error) {
    if (error instanceof DistillError) return 'Tap layers of one kind.';
    throw error;
  }
}
