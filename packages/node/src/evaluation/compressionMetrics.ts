import { type Evaluation } from './Evaluation.js';

/** What distillation bought, in the words of seed 000's `evaluate_distillation`. */
export interface CompressionMetrics {
  /** The student's. */
  readonly accuracy: number;
  /** Share of the teacher's bytes that the student saves, `1 − bytesₛ / bytesₜ`; below 0 if it is larger. */
  readonly modelSizeReduction?: number;
  /** How many times as fast as the teacher, by the medians at the smallest batch measured of both. */
  readonly inferenceSpeedup?: number;
}

/**
 * Compares a student with its teacher.
 *
 * @returns Without a number that cannot be known: the size of a teacher on a server, the time of a stored one.
 * @example compressionMetrics(teacher, student) // { accuracy: 0.98, modelSizeReduction: 0.872, inferenceSpeedup: 4.1 }
 */
export function compressionMetrics(teacher: Evaluation, student: Evaluation): CompressionMetrics {
  const timed = student.latency.find(({ batch }) => medianAt(teacher, batch) !== undefined);
  return {
    accuracy: student.accuracy,
    ...(teacher.bytes !== undefined &&
      student.bytes !== undefined && { modelSizeReduction: 1 - student.bytes / teacher.bytes }),
    ...(timed !== undefined && { inferenceSpeedup: (medianAt(teacher, timed.batch) ?? NaN) / timed.p50 }),
  };
}

function medianAt({ latency }: Evaluation, batch: number): number | undefined {
  return latency.find((measured) => measured.batch === batch)?.p50;
}
