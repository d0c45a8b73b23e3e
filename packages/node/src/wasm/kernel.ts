import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type KernelFunc, type NamedAttrMap, type TensorInfo, util } from '@tensorflow/tfjs-core';

/** What TensorFlow.js hands to a kernel, with the inputs and attributes of that kernel. */
export interface KernelCall<Inputs, Attrs> {
  readonly inputs: { readonly [Name in keyof Inputs]: NonNullable<Inputs[Name]> };
  readonly attrs: Attrs;
  readonly backend: BackendWasm;
}

type Kernel<Inputs, Attrs, Output> = (call: KernelCall<Inputs, Attrs>) => Output;
type Outputs = TensorInfo | TensorInfo[];

/** A kernel for the wasm backend, new or in place of the backend's own. */
export interface WasmKernel {
  readonly kernelName: string;
  /** @param stock The backend's own kernel, `undefined` where it has none. */
  readonly create: (stock: KernelFunc | undefined) => KernelFunc;
}

/** A kernel that the backend lacks, or that takes over all of the backend's own. */
export function wasmKernel<Inputs, Attrs>(
  kernelName: string,
  kernel: Kernel<Inputs, Attrs, Outputs>,
): WasmKernel {
  return { kernelName, create: () => kernel as unknown as KernelFunc };
}

/** A kernel that leaves some calls to the one that it replaces. */
export function wrappedKernel<Inputs, Attrs, Output extends Outputs = TensorInfo>(
  kernelName: string,
  kernel: (call: KernelCall<Inputs, Attrs>, stock: Kernel<Inputs, Attrs, Output>) => Output,
): WasmKernel {
  return {
    kernelName,
    create: (stock) => {
      const original = stock as unknown as Kernel<Inputs, Attrs, Output>;
      return ((call: KernelCall<Inputs, Attrs>) => kernel(call, original)) as unknown as KernelFunc;
    },
  };
}

/** Runs a registered wasm kernel that has one output. The caller owns the output. */
export function run(
  backend: BackendWasm,
  kernelName: string,
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: NamedAttrMap = {},
): TensorInfo {
  return getKernel(kernelName, 'wasm').kernelFunc({ inputs, attrs, backend }) as TensorInfo;
}

/** `a · b` for rank 3 with a batch of 1. The caller owns the result. */
export function matMul(backend: BackendWasm, a: TensorInfo, b: TensorInfo): TensorInfo {
  return run(backend, 'BatchMatMul', { a, b }, { transposeA: false, transposeB: false });
}

/** An output whose numbers are whatever the heap holds there. The caller owns it. */
export function allocate(
  backend: BackendWasm,
  shape: readonly number[],
  dtype: TensorInfo['dtype'] = 'float32',
): TensorInfo {
  return backend.makeOutput([...shape], dtype);
}

export type Numbers = ReturnType<BackendWasm['typedArrayFromHeap']>;

/**
 * A tensor's numbers, in place on the wasm heap. Take it after the last allocation: an allocation can move the
 * heap, and the array is then detached.
 */
export function numbers(backend: BackendWasm, tensor: TensorInfo): Numbers {
  return backend.typedArrayFromHeap(tensor);
}

/** `numbers` of a float32 tensor. */
export function floats(backend: BackendWasm, tensor: TensorInfo): Float32Array {
  return numbers(backend, tensor) as Float32Array;
}

/** The same data under another shape of the same size; it shares the owner. */
export function reshaped({ dataId, dtype }: TensorInfo, shape: readonly number[]): TensorInfo {
  return { dataId, dtype, shape: [...shape] };
}

export function dispose(backend: BackendWasm, ...tensors: readonly TensorInfo[]): void {
  for (const { dataId } of tensors) backend.disposeData(dataId);
}

export function sizeOf({ shape }: TensorInfo): number {
  return util.sizeFromShape(shape);
}

export function addTo(sum: Float32Array, terms: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += terms[i]!;
}
