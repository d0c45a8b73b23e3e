import {
  GatherV2,
  type GatherV2Attrs,
  type GatherV2Inputs,
  getKernel,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  registerKernel,
  scalar,
  type Tensor,
  tidy,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { type NativeBackend, type OpAttr } from './binding.js';

/** What tfjs-node's backend offers its kernels. */
interface KernelHost extends NativeBackend {
  executeSingleOutput(name: string, attrs: readonly OpAttr[], inputs: readonly Tensor[]): Tensor;
  getDTypeInteger(dtype: string): number;
}

let replaced = false;

/**
 * Replaces tfjs-node's `gather`, which reads all indices back to check them, by one that leaves the check to
 * TensorFlow. A step that gathers by what it computes could not be compiled otherwise.
 */
export function replaceGather(): void {
  if (replaced || getKernel(GatherV2, 'tensorflow') === undefined) return;
  replaced = true;
  unregisterKernel(GatherV2, 'tensorflow');
  registerKernel({ kernelName: GatherV2, backendName: 'tensorflow', kernelFunc: gather });
}

function gather(call: {
  inputs: NamedTensorInfoMap;
  backend: unknown;
  attrs?: NamedAttrMap | undefined;
}): Tensor {
  const { x, indices } = call.inputs as Record<keyof GatherV2Inputs, Tensor>;
  const { axis, batchDims } = call.attrs as unknown as GatherV2Attrs;
  const host = call.backend as KernelHost;
  const type = (name: string, dtype: string): OpAttr => ({
    name,
    type: TYPE,
    value: host.getDTypeInteger(dtype),
  });
  const attrs = [
    { name: 'batch_dims', type: INT, value: batchDims },
    type('Tparams', x.dtype),
    type('Tindices', indices.dtype),
    type('Taxis', 'int32'),
  ];
  return tidy(() => host.executeSingleOutput(GatherV2, attrs, [x, indices, scalar(axis, 'int32')]));
}

/** `TF_AttrType` of TensorFlow's C interface. */
const INT = 1;
const TYPE = 4;
