import { engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { inputTensors, type StepWork } from '@tfjs-distill/core';
import { type NativeBackend, nativeId } from './binding.js';
import { type KnownInputs } from './Recording.js';
import { type Input } from './Trace.js';

/** How a role's key names a variable. */
export const VARIABLE = 'variable ';
/** The key of a gradient that a hook has left, by the name of its variable. */
export const gradientKey = (variable: string): string => `gradient ${variable}`;
/** Where one native tensor has two roles, a later step may tell them apart: such a key says so. */
export const AMBIGUOUS = ' = ';

/** The tensors of a step that are others at every step, by what they are: batch, teacher's answers, optimizer's scalars. */
export function passingTensors({ batch, optimizer, scope: { answers } }: StepWork): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  inputTensors(batch.x).forEach((tensor, i) => tensors.set(`x ${i}`, tensor));
  if (batch.y) tensors.set('y', batch.y);
  if (batch.weights) tensors.set('weights', batch.weights);
  if (answers) {
    tensors.set('teacher logits', answers.logits);
    for (const [name, tensor] of Object.entries(answers.features)) tensors.set(`teacher ${name}`, tensor);
    if (answers.top) {
      tensors.set(`teacher top indices`, answers.top.indices);
      tensors.set(`teacher top log-probabilities at ${answers.top.temperature}`, answers.top.logProbs);
    }
  }
  // SGD and momentum keep their learning rate as a tensor
  for (const [name, value] of Object.entries(optimizer) as [string, unknown][]) {
    if (isPlainTensor(value)) tensors.set(`optimizer ${name}`, value);
  }
  return tensors;
}

/** Every tensor that a step may be expected to use, uploaded. */
export function knownInputs(backend: NativeBackend, passing: ReadonlyMap<string, Tensor>): KnownInputs {
  const inputs = new Map<number, Input>();
  const add = (key: string, tensor: Tensor) => {
    const { shape, dtype } = tensor;
    const id = nativeId(backend, tensor);
    const other = inputs.get(id);
    const layout = { shape, dtype: DTYPES[dtype] };
    inputs.set(id, { key: other ? other.key + AMBIGUOUS + key : key, layout });
  };
  for (const [key, tensor] of passing) add(key, tensor);
  for (const variable of livingVariables(backend)) add(VARIABLE + variable.name, variable);
  return inputs;
}

/** Variables whose data lies in native memory. */
export function livingVariables({ tensorMap }: NativeBackend): Variable[] {
  return Object.values(engine().registeredVariables).filter(({ dataId }) => tensorMap.has(dataId));
}

/** TensorFlow's DataType of TensorFlow.js's types. */
const DTYPES = { float32: 1, int32: 3, string: 7, complex64: 8, bool: 10 } as const;

function isPlainTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'dataId' in value && !('trainable' in value);
}
