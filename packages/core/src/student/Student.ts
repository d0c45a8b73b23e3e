import { type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { type Inputs } from '../Batch.js';
import { type ModelSignature } from '../models/ModelSignature.js';

/** What one forward pass of a student gives. All tensors belong to the step. */
export interface StudentOutputs {
  /** Logits, `[…batch, classes]`. */
  readonly output: Tensor;
  /** Outputs of the tapped layers, by name. */
  readonly features: Readonly<Record<string, Tensor>>;
}

export interface ForwardOptions {
  /** Whether dropout drops and batch norm learns. */
  readonly training: boolean;
  /** Names of the layers whose outputs are wanted. Default none. */
  readonly taps?: readonly string[];
}

/** The model that learns. */
export interface Student {
  readonly name: string;
  readonly signature: ModelSignature;
  /** What training moves. */
  readonly variables: readonly Variable[];
  /** All it is made of, in an order that stays: also running statistics and frozen parts. Default: `variables`. */
  readonly weights?: readonly Variable[];
  /** Those of them that a layer's output depends on; where it is missing, no stage can stop at a layer. */
  variablesUpTo?(layer: string): readonly Variable[];
  forward(x: Inputs, options: ForwardOptions): StudentOutputs;
}

/** All that a student is made of: what snapshots, averages and checkpoints hold. */
export function weightsOf({ weights, variables }: Student): readonly Variable[] {
  return weights ?? variables;
}
