import { type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { DistillError, expected } from './errors.js';

/** What a model takes: one tensor, or several by position or by name; first dimension the samples. */
export type Inputs = Tensor | readonly Tensor[] | NamedTensorMap;

/**
 * Some samples on their way through one step.
 *
 * Whoever makes a batch owns its tensors; `fit` says of each kind of data who that is.
 */
export interface Batch {
  /** Model input, first dimension `batch`. */
  readonly x: Inputs;
  /** What the teacher sees instead of `x`: another size or augmentation of the same samples. Default `x`. */
  readonly teacherX?: Inputs;
  /** Class numbers `[batch]` (−1: unlabelled) or one-hot / soft labels `[batch, classes]`. */
  readonly y?: Tensor;
  /** Importance of each sample or position, `[…batch]`, ≥ 0; 0 leaves it out of every loss. Default 1. */
  readonly weights?: Tensor;
  /** One stable id per sample: what stored teacher outputs are looked up by. */
  readonly ids?: Int32Array;
  /**
   * Which view of the samples `x` holds: the augmentation's name, version, options and seed. Left out, or
   * `none`: the samples as they are. Outputs stored for another view are refused.
   */
  readonly view?: string;
}

/** The tensors of an input, in a fixed order. */
export function inputTensors(x: Inputs): readonly Tensor[] {
  if (isTensor(x)) return [x];
  return isTensorList(x) ? x : Object.values(x);
}

/** What a teacher sees of a batch. */
export const teacherInput = ({ x, teacherX = x }: Batch): Inputs => teacherX;

/** Number of samples in a batch; all of its parts must agree. */
export function batchSize({ x, teacherX = [], y, weights, ids }: Batch): number {
  const [first, ...rest] = [...inputTensors(x), ...inputTensors(teacherX)];
  if (first === undefined) throw expected('batch.x', 'at least one tensor', x);
  const size = first.shape[0];
  if (size === undefined) throw expected('batch.x', 'a tensor with a batch dimension', 'a scalar');
  const sizes = [
    ...rest.map((tensor) => tensor.shape[0]),
    ...[y, weights].map((tensor) => tensor?.shape[0] ?? size),
    ids?.length ?? size,
  ];
  if (sizes.some((other) => other !== size)) {
    throw new DistillError(
      'SHAPE',
      `Expected inputs, labels, weights and ids of one batch to have as many samples, got ${[size, ...sizes].join(', ')}.`,
    );
  }
  return size;
}

export function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'dataId' in value && 'shape' in value;
}

function isTensorList(x: readonly Tensor[] | NamedTensorMap): x is readonly Tensor[] {
  return Array.isArray(x);
}
