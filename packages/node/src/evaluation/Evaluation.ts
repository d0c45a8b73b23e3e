/** How long one forward pass takes, milliseconds. */
export interface Latency {
  readonly batch: number;
  readonly p50: number;
  readonly p95: number;
}

/** How a model does on one class. Shares from 0 to 1; `NaN` where there is nothing to count. */
export interface ClassRow {
  readonly name: string;
  readonly samples: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** What is measured of one model on one data set. Plain numbers, ready for JSON. */
export interface Evaluation {
  readonly samples: number;
  /** Share whose highest logit is the label. */
  readonly accuracy: number;
  /** Share whose label is among the five highest logits; absent with five classes or fewer. */
  readonly top5?: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Expected calibration error, 0 to 1, 15 bins. */
  readonly ece: number;
  /** Share of samples on which the answer is the teacher's; absent without a teacher. */
  readonly agreement?: number;
  /** Mean KL(teacher ‖ model) at temperature 1, nats; absent without a teacher. */
  readonly klToTeacher?: number;
  /** Rows: true class; columns: answer. Counts. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly ClassRow[];
  readonly parameters: number;
  /** Multiply–adds of one sample, times two. Absent where they cannot be counted. */
  readonly flops?: number;
  /** Size as a float32 model of TensorFlow.js. */
  readonly bytes: number;
  readonly latency: readonly Latency[];
}
