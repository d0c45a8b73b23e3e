import { engine, type KernelBackend, type Tensor, type Variable } from '@tensorflow/tfjs-core';

/** An attribute of a TensorFlow operation, as tfjs-node writes it. */
export interface OpAttr {
  readonly name: string;
  /** A `TF_ATTR_…` number of the binding. */
  readonly type: number;
  readonly value: unknown;
}

/** What the binding tells of a tensor that an operation gave. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: number[];
  /** A `TF_…` number of the binding: TensorFlow's own DataType. */
  readonly dtype: number;
}

/** The part of tfjs-node's addon that steps run through. */
export interface NativeBinding {
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): unknown;
  executeOp(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly number[],
    outputs: number,
  ): NativeTensor[];
  loadSavedModel(directory: string, tags: string): number;
  runSavedModel(
    id: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): NativeTensor[];
  deleteSavedModel(id: number): void;
  getNumOfSavedModels(): number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
}

/** What the backend keeps of a tensor's data. */
interface NativeData {
  readonly shape: readonly number[];
  readonly dtype: number;
  /** −1 while `values` wait to be uploaded. */
  id: number;
  values: unknown;
  refCount: number;
}

type DataId = Tensor['dataId'];

/** tfjs-node's backend, as far as compiled steps need it. */
export interface NativeBackend extends KernelBackend {
  binding: NativeBinding;
  readonly tensorMap: { has(dataId: DataId): boolean; get(dataId: DataId): NativeData };
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(tensor: NativeTensor): Tensor;
}

/** The native backend, if it is TensorFlow.js's backend now. */
export function nativeBackend(): NativeBackend | undefined {
  if (engine().backendName !== 'tensorflow') return undefined;
  const backend = engine().backend as Partial<NativeBackend>;
  return typeof backend.binding?.executeOp === 'function' ? (backend as NativeBackend) : undefined;
}

/** The native tensor behind a tensor; uploads it if that has not been done yet. */
export function nativeId(backend: NativeBackend, tensor: Tensor): number {
  const { id, values } = backend.tensorMap.get(tensor.dataId);
  return values === null ? id : (backend.getInputTensorIds([tensor])[0] as number);
}

/** Gives a variable the data of a native tensor, which it takes over. */
export function setVariable(backend: NativeBackend, variable: Variable, tensor: NativeTensor): void {
  const data = backend.tensorMap.get(variable.dataId);
  if (data.refCount === 1 && data.values === null) {
    backend.binding.deleteTensor(data.id);
    data.id = tensor.id;
    return;
  }
  const value = backend.createOutputTensor(tensor); // the old data has other holders: a snapshot, say
  variable.assign(value);
  value.dispose();
}
