import { type NodeDef } from '../../compiled/savedModelProto.js';
import {
  type Constant,
  type Input,
  type Layout,
  sameLayout,
  sameOp,
  sameRef,
  sameValues,
  type Trace,
  type TracedOp,
} from '../../compiled/Trace.js';
import { fillNodes, vectorNodes } from './batchNodes.js';

/** A forward pass for a batch of any size. */
export interface FreeBatch {
  /** Sizes that follow the batch are −1. */
  readonly trace: Trace;
  /** Constants that follow the batch: the nodes that compute them. */
  readonly drawn: ReadonlyMap<number, (name: string) => readonly NodeDef[]>;
}

/**
 * What two passes of one function have in common, where they differ by the size of their batch alone.
 *
 * Numbers that grow with the batch (the sizes that a reshape or a slice is told) are computed from the input's size;
 * tensors of one number in the batch's size (an LSTM's first state) are filled.
 *
 * @param a Pass of a batch of `sizes[0]`.
 * @param b Pass of a batch of `sizes[1]`.
 * @returns The pass for any batch, or why there is none.
 *
 * @example
 * freeBatch(passOf3, passOf5, [3, 5]); // { trace, drawn }, or 'Tile has another attribute in another batch'
 */
export function freeBatch(a: Trace, b: Trace, sizes: readonly [number, number]): FreeBatch | string {
  if (a.ops.length !== b.ops.length || a.constants.length !== b.constants.length)
    return 'the number of its operations hangs on the batch';
  if (a.survivors.some((ref, i) => !sameRef(ref, b.survivors[i] ?? { ...ref, index: -1 })))
    return 'its outputs hang on the batch';
  const other = a.ops.find((op, i) => !alike(op, b.ops[i] as TracedOp));
  if (other !== undefined) return `${other.name} is called otherwise in another batch`;
  const drawn = new Map<number, (name: string) => readonly NodeDef[]>();
  for (const [i, constant] of a.constants.entries()) {
    const nodes = nodesOf(constant, b.constants[i] as Constant, sizes);
    if (nodes === undefined)
      return `it uploads numbers that hang on the batch otherwise than by growing with it`;
    if (nodes !== 'same') drawn.set(i, nodes);
  }
  return { trace: withFreeSizes(a, b), drawn };
}

const alike = (a: TracedOp, b: TracedOp): boolean => sameOp(a, b.name, b.attrs, b.inputs, b.outputs.length);

type Drawn = 'same' | ((name: string) => readonly NodeDef[]) | undefined;

const INT32 = 3;

function nodesOf(a: Constant, b: Constant, sizes: readonly [number, number]): Drawn {
  if (sameLayout(a, b) && sameValues(a.values, b.values)) return 'same';
  if (a.dtype !== b.dtype || !ArrayBuffer.isView(a.values) || !ArrayBuffer.isView(b.values)) return undefined;
  const [x, y] = [numbersOf(a), numbersOf(b)];
  if (sameLayout(a, b)) {
    const entries = a.dtype === INT32 && a.shape.length < 2 ? growing(x, y, sizes) : undefined;
    return entries && ((name) => vectorNodes(name, entries, a.shape));
  }
  const shape = growing(a.shape, b.shape, sizes);
  const [value] = x;
  const isOneNumber = value !== undefined && [...x, ...y].every((each) => each === value);
  return shape && isOneNumber ? (name) => fillNodes(name, shape, constantOf(a)) : undefined;
}

/** Its first number alone. */
function constantOf({ dtype, values }: Constant): Constant {
  return { dtype, shape: [], values: (values as Float32Array).slice(0, 1) };
}

const numbersOf = ({ values }: Constant): readonly number[] => [...(values as Float32Array)];

/** A number, or how often the batch's size. */
export type Size = { readonly fixed: number } | { readonly perBatch: number };

/** Each number of two lists as one that stays or one that grows with the batch. */
export function growing(
  a: readonly number[],
  b: readonly number[],
  [m, n]: readonly [number, number],
): readonly Size[] | undefined {
  if (a.length !== b.length) return undefined;
  const sizes = a.map((value, i): Size | undefined => {
    if (value === b[i]) return { fixed: value };
    const perBatch = value / m;
    return Number.isInteger(perBatch) && b[i] === perBatch * n ? { perBatch } : undefined;
  });
  return sizes.every((size) => size !== undefined) ? sizes : undefined;
}

function withFreeSizes(a: Trace, b: Trace): Trace {
  const free = (one: Layout, two: Layout): Layout => ({
    dtype: one.dtype,
    shape: one.shape.map((size, i) => (size === two.shape[i] ? size : -1)),
  });
  return {
    ...a,
    inputs: a.inputs.map((input, i) => ({
      ...input,
      layout: free(input.layout, (b.inputs[i] as Input).layout),
    })),
    ops: a.ops.map((op, i) => ({
      ...op,
      outputs: op.outputs.map((layout, k) => free(layout, b.ops[i]?.outputs[k] as Layout)),
    })),
  };
}
