import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  _FusedMatMul,
  type _FusedMatMulAttrs,
  type _FusedMatMulInputs,
  Add,
  BatchMatMul,
  Elu,
  LeakyRelu,
  type NamedAttrMap,
  Prelu,
  Relu,
  Relu6,
  Sigmoid,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { dispose, type KernelCall, run, wrappedKernel } from './kernel.js';

type Call = KernelCall<_FusedMatMulInputs, _FusedMatMulAttrs>;

/**
 * Matrix product, bias and activation in one, as dense layers and converted graphs call it.
 *
 * The stock kernel (4.22) is right for one product of two matrices as they are stored. For a transposed side or a
 * batch it adds the bias and applies the activation once for every 48 terms of a sum; those are three kernels here.
 */
export const fusedMatMul = wrappedKernel<_FusedMatMulInputs, _FusedMatMulAttrs>(
  _FusedMatMul,
  (call, stock) => {
    const { a, b } = call.inputs;
    const { transposeA, transposeB } = call.attrs;
    return transposeA || transposeB || a.shape[0] !== 1 || b.shape[0] !== 1 ? unfused(call) : stock(call);
  },
);

function unfused({ inputs, attrs, backend }: Call): TensorInfo {
  const { a, b, bias } = inputs;
  const { transposeA, transposeB } = attrs;
  const product = run(backend, BatchMatMul, { a, b }, { transposeA, transposeB });
  const sum = bias ? replace(backend, product, Add, { a: product, b: bias }) : product;
  switch (attrs.activation) {
    case 'linear':
      return sum;
    case 'relu':
      return replace(backend, sum, Relu, { x: sum });
    case 'relu6':
      return replace(backend, sum, Relu6, { x: sum });
    case 'elu':
      return replace(backend, sum, Elu, { x: sum });
    case 'sigmoid':
      return replace(backend, sum, Sigmoid, { x: sum });
    case 'leakyrelu':
      return replace(backend, sum, LeakyRelu, { x: sum }, { alpha: attrs.leakyreluAlpha ?? 0 });
    case 'prelu':
      return replace(backend, sum, Prelu, { x: sum, alpha: inputs.preluActivationWeights! });
  }
}

/** Runs a kernel on `old`, then frees it. */
function replace(
  backend: BackendWasm,
  old: TensorInfo,
  kernelName: string,
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: NamedAttrMap = {},
): TensorInfo {
  const result = run(backend, kernelName, inputs, attrs);
  dispose(backend, old);
  return result;
}
