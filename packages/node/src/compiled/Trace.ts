import { type Tensor, util } from '@tensorflow/tfjs-core';
import { type OpAttr } from './binding.js';

/** Where a value of a step comes from. */
export interface Ref {
  readonly kind: 'input' | 'constant' | 'op';
  /** Its number among the trace's inputs, constants or operations. */
  readonly index: number;
  /** Which output of the operation; 0 for the other kinds. */
  readonly output: number;
}

export interface Layout {
  readonly shape: readonly number[];
  /** TensorFlow's DataType. */
  readonly dtype: number;
}

/** One operation as the binding executed it. */
export interface TracedOp {
  readonly name: string;
  readonly attrs: readonly OpAttr[];
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Layout[];
}

/** Numbers that JavaScript uploaded during a step. */
export interface Constant extends Layout {
  values: unknown;
}

/** A tensor that a step found there: a weight, a batch, a teacher's answer. */
export interface Input {
  /** What it is, e.g. `variable dense/kernel` or `x 0`; a bare native id where nobody says. */
  readonly key: string;
  readonly layout: Layout;
}

/** A tensor with its place in a step. */
export interface Role {
  readonly key: string;
  readonly tensor: Tensor;
}

/** Everything that one step did, in order: what a graph is written of. */
export interface Trace {
  readonly inputs: readonly Input[];
  readonly constants: readonly Constant[];
  readonly ops: readonly TracedOp[];
  /** What outlived the step, in the order it was made: new weights, losses, whatever a hook kept. */
  readonly survivors: readonly Ref[];
}

/** Number of elements. */
export function sizeOf(shape: readonly number[]): number {
  return util.sizeFromShape(shape as number[]); // which only reads it
}

export function sameRef(a: Ref, b: Ref): boolean {
  return a.index === b.index && a.kind === b.kind && a.output === b.output;
}

export function sameLayout(a: Layout, b: Layout): boolean {
  return a.dtype === b.dtype && sameList(a.shape, b.shape);
}

/** Whether an operation is called as it was in the trace. */
export function sameOp(
  op: TracedOp,
  name: string,
  attrs: readonly OpAttr[],
  inputs: readonly Ref[],
  outputs: number,
): boolean {
  return (
    op.name === name &&
    op.outputs.length === outputs &&
    op.inputs.length === inputs.length &&
    op.attrs.length === attrs.length &&
    op.inputs.every((ref, i) => sameRef(ref, inputs[i] as Ref)) &&
    op.attrs.every((attr, i) => sameAttr(attr, attrs[i] as OpAttr))
  );
}

function sameAttr(a: OpAttr, b: OpAttr): boolean {
  if (a.name !== b.name || a.type !== b.type) return false;
  if (a.value === b.value) return true;
  return Array.isArray(a.value) && Array.isArray(b.value) && sameList(a.value, b.value);
}

/** Whether two uploads hold the same numbers; what is no typed array never does. */
export function sameValues(a: unknown, b: unknown): boolean {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return false;
  if (a.byteLength !== b.byteLength || a.constructor !== b.constructor) return false;
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

export function bytesOf(values: ArrayBufferView): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
