import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend_util,
  BatchMatMul,
  Einsum,
  type EinsumAttrs,
  Identity,
  Sum,
  type Tensor,
  type TensorInfo,
  Transpose,
  util,
} from '@tensorflow/tfjs-core';
import { dispose, type KernelCall, reshaped, run, wasmKernel } from './kernel.js';

/**
 * Einstein summation of one or two tensors, such as `'ij,jk->ik'`; attention layers are made of it. The backend has
 * no such kernel. The CPU backend multiplies everything by everything and then sums; this is a batch of products,
 * `[both, own of a, summed] · [both, summed, own of b]`.
 */
export const einsum = wasmKernel<Record<string, TensorInfo>, EinsumAttrs>(Einsum, contract);

/** A tensor whose axes are named by numbers: below `kept` those of the output in order, then the summed ones. */
interface Labelled {
  readonly tensor: TensorInfo;
  readonly labels: readonly number[];
}

function contract({
  inputs,
  attrs,
  backend,
}: KernelCall<Record<string, TensorInfo>, EinsumAttrs>): TensorInfo {
  const tensors = Object.values(inputs);
  const { allDims, idDims, summedDims } = backend_util.decodeEinsumEquation(attrs.equation, tensors.length);
  backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as Tensor[]);
  const kept = allDims.length - summedDims.length;
  const [a, b] = tensors.map((tensor, i) => ({ tensor, labels: idDims[i]! }));
  const result = b ? product(backend, a!, b, kept) : sumOut(backend, a!, (label) => label < kept);
  const out = arrange(
    backend,
    result,
    Array.from({ length: kept }, (_, label) => label),
  );
  dispose(backend, result.tensor);
  return out;
}

function product(backend: BackendWasm, a: Labelled, b: Labelled, kept: number): Labelled {
  const left = sumOut(backend, a, (label) => label < kept || b.labels.includes(label));
  const right = sumOut(backend, b, (label) => label < kept || a.labels.includes(label));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const both = shared.filter((label) => label < kept);
  const summed = shared.filter((label) => label >= kept);
  const ownA = left.labels.filter((label) => !shared.includes(label));
  const ownB = right.labels.filter((label) => !shared.includes(label));
  const sides = {
    a: matrices(backend, left, both, ownA, summed),
    b: matrices(backend, right, both, summed, ownB),
  };
  const out = run(backend, BatchMatMul, sides, { transposeA: false, transposeB: false });
  const shape = [...sizes(left, [...both, ...ownA]), ...sizes(right, ownB)];
  dispose(backend, left.tensor, right.tensor, sides.a, sides.b);
  return { tensor: reshaped(out, shape), labels: [...both, ...ownA, ...ownB] };
}

/** A tensor of rank 3: three groups of axes, each joined into one. */
function matrices(backend: BackendWasm, x: Labelled, ...groups: readonly (readonly number[])[]): TensorInfo {
  const arranged = arrange(backend, x, groups.flat());
  return reshaped(
    arranged,
    groups.map((group) => util.sizeFromShape(sizes(x, group))),
  );
}

function sizes({ tensor, labels }: Labelled, of: readonly number[]): number[] {
  return of.map((label) => tensor.shape[labels.indexOf(label)]!);
}

function arrange(backend: BackendWasm, { tensor, labels }: Labelled, order: readonly number[]): TensorInfo {
  return run(backend, Transpose, { x: tensor }, { perm: order.map((label) => labels.indexOf(label)) });
}

function sumOut(
  backend: BackendWasm,
  { tensor, labels }: Labelled,
  keep: (label: number) => boolean,
): Labelled {
  const axis = labels.flatMap((label, i) => (keep(label) ? [] : [i]));
  const summed =
    axis.length > 0
      ? run(backend, Sum, { x: tensor }, { axis, keepDims: false })
      : run(backend, Identity, { x: tensor });
  return { tensor: summed, labels: labels.filter(keep) };
}
