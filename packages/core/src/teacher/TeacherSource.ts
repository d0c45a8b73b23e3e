import { type Tensor } from '@tensorflow/tfjs-core';
import { type Batch } from '../Batch.js';
import { type ModelSignature } from '../models/ModelSignature.js';

/** What a teacher says of a batch. The caller owns the tensors. */
export interface TeacherOutputs {
  /** Unscaled logits, `[…batch, classes]`. */
  readonly logits: Tensor;
  /** Outputs of the tapped layers, by name. */
  readonly features: Readonly<Record<string, Tensor>>;
}

/** Where the teacher's answers come from: a model that runs now, a store, a server. */
export interface TeacherSource {
  readonly name: string;
  readonly signature: ModelSignature;
  /** Answers for a batch, and the features of the named layers. Runs outside the gradient tape. */
  outputs(batch: Batch, taps?: readonly string[]): TeacherOutputs | Promise<TeacherOutputs>;
  dispose?(): void;
}
