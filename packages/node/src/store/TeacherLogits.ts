/** A teacher's answers to a fixed set of samples. */
export interface TeacherLogits {
  /** Stable id of each row's sample. */
  readonly ids: Int32Array;
  /** Unscaled logits, row-major `[samples, classes]`. */
  readonly logits: Float32Array;
  readonly classes: number;
}

/** Whose answers, to what: two files may be exchanged exactly if all of these agree. */
export interface TeacherLogitsKey {
  /** `modelFingerprint` of the teacher. */
  readonly teacher: string;
  /** `fingerprint` of the samples, in order. */
  readonly data: string;
  readonly classes: number;
  /** `AUGMENTATION_VERSION` and the options of the views, or `none`. */
  readonly augmentation: string;
}
