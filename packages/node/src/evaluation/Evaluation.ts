import { type CalibrationBin, type ClassScores, type Latency } from '@tfjs-distill/core';

export type { Latency };

/** How a model does on one class. Shares from 0 to 1; `NaN` where there is nothing to count. */
export interface ClassRow extends ClassScores {
  readonly name: string;
}

/** What is measured of one model on one data set. Plain numbers, ready for JSON. */
export interface Evaluation {
  /** Labelled samples; of sequences and images with a label at each place, labelled places. */
  readonly samples: number;
  /** Share whose highest logit is the label. */
  readonly accuracy: number;
  /** Share whose label is among the five highest logits; absent with five classes or fewer. */
  readonly top5?: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Expected calibration error, 0 to 1, 15 bins. */
  readonly ece: number;
  /** Samples by confidence: histogram and reliability diagram. */
  readonly calibration: readonly CalibrationBin[];
  /** Share of samples on which the answer is the teacher's; absent without a teacher. */
  readonly agreement?: number;
  /** Mean KL(teacher ‖ model) at temperature 1, nats; absent without a teacher. */
  readonly klToTeacher?: number;
  /** Rows: true class; columns: answer. Counts. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly ClassRow[];
  /** Numbers in all weights. Absent where they are not to be seen, as of a teacher on a server. */
  readonly parameters?: number;
  /** Multiply–adds of one sample, times two. Absent where they cannot be counted. */
  readonly flops?: number;
  /** Bytes of its weights as a float32 model of TensorFlow.js. Absent as `parameters`. */
  readonly bytes?: number;
  /** Empty where it was not measured. */
  readonly latency: readonly Latency[];
}
