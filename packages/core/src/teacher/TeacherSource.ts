import { type Tensor } from '@tensorflow/tfjs-core';
import { type Batch } from '../Batch.js';
import { type ModelSignature } from '../models/ModelSignature.js';

/** What a teacher says of a batch. The caller owns the tensors. */
export interface TeacherOutputs {
  /** Unscaled logits, `[…batch, classes]`. */
  readonly logits: Tensor;
  /** Outputs of the tapped layers, by name. */
  readonly features: Readonly<Record<string, Tensor>>;
  /** Set where only the most likely classes are known; `logits` then has the others' mass evenly. */
  readonly top?: TopOutputs;
}

/** A teacher's most likely classes at one temperature. */
export interface TopOutputs {
  /** Class numbers `[…batch, k]`, int32. */
  readonly indices: Tensor;
  /** Their log-probabilities among all classes, `[…batch, k]`. */
  readonly logProbs: Tensor;
  /** `T` that they were taken at. */
  readonly temperature: number;
}

/** Every tensor of a teacher's outputs. */
export function outputTensors({ logits, features, top }: TeacherOutputs): Tensor[] {
  return [logits, ...Object.values(features), ...(top ? [top.indices, top.logProbs] : [])];
}

/** One of several teachers whose losses are averaged. */
export interface TeacherMember {
  /** Its logits are the feature of this name. */
  readonly name: string;
  /** Its share of the loss; all shares sum to 1. */
  readonly weight: number;
}

/** Where the teacher's answers come from: a model that runs now, a store, a server. */
export interface TeacherSource {
  readonly name: string;
  readonly signature: ModelSignature;
  /** Set where criteria on logits are to be computed once per teacher; see `ensemble`. */
  readonly members?: readonly TeacherMember[];
  /**
   * Whether `outputs` answers at once, by operations of the present backend alone: a compiled step then takes the
   * teacher in. Default false.
   */
  readonly immediate?: boolean;
  /** Answers for a batch, and the features of the named layers. Runs outside the gradient tape. */
  outputs(batch: Batch, taps?: readonly string[]): TeacherOutputs | Promise<TeacherOutputs>;
  /** Told of a batch before its step: what takes long may begin. The same batch object follows in `outputs`. */
  prefetch?(batch: Batch, taps?: readonly string[]): void;
  dispose?(): void;
}
