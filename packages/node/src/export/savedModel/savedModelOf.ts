import { getBackend } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { DistillError } from '@tfjs-distill/core';
import { nativeBackend } from '../../compiled/binding.js';
import {
  encodeSavedModel,
  type GraphSignature,
  shapeProto,
  type TensorInfo,
} from '../../compiled/savedModelProto.js';
import { type Layout, type Ref, type Trace } from '../../compiled/Trace.js';
import { graphNodes, layoutOf, nameOf } from '../../compiled/writeGraph.js';
import { batchNodes } from './batchNodes.js';
import { freeBatch } from './freeBatch.js';
import { type RecordedForward, recordForward } from './recordForward.js';

/** Two batches that no other size of a model is likely to follow. */
const BATCHES = [3, 7] as const;

const SERVING = { name: 'serving_default', methodName: 'tensorflow/serving/predict' };

/**
 * A model as TensorFlow's SavedModel: its forward pass in inference mode as one graph, for a batch of any size, weights
 * and all. Signature `serving_default`, its inputs and outputs called as the model's.
 *
 * The pass is run and recorded with two batches; what differs between them is computed from the input's size.
 *
 * @param shapes Of one sample of each input.
 * @returns The bytes of `saved_model.pb`.
 * @throws DistillError `ENGINE` on any engine but native TensorFlow; `OPTION` where a layer cannot be written so that the
 *   batch stays free.
 * @see https://www.tensorflow.org/guide/saved_model
 */
export function savedModelOf(model: LayersModel, shapes: readonly (readonly number[])[]): Uint8Array {
  const backend = nativeBackend();
  if (backend === undefined) throw otherEngine();
  const record = (batch: number) =>
    recordForward(
      backend,
      model,
      shapes.map((shape) => [batch, ...shape]),
    );
  const [some, more] = [record(BATCHES[0]), record(BATCHES[1])];
  const free = freeBatch(some.trace, more.trace, BATCHES);
  if (typeof free === 'string') throw fixedBatch(free);
  const { trace, drawn } = free;
  const nodes = graphNodes(trace, { fed: new Set(), frozen: some.weights, drawn });
  const first = some.inputs.find((input) => input >= 0) ?? 0;
  const batch = batchNodes(`input${first}`, trace.inputs[first]?.layout.dtype ?? 1);
  return encodeSavedModel([...batch, ...nodes], signatureOf(model, trace, some), SERVING);
}

function signatureOf(
  { inputNames, outputNames }: LayersModel,
  trace: Trace,
  { inputs, outputs }: RecordedForward,
): GraphSignature {
  const info = (ref: Ref): TensorInfo => {
    const { dtype, shape } = layoutOf(trace, ref) as Layout;
    return { name: nameOf(ref), dtype, tensorShape: shapeProto(shape) };
  };
  const input = (index: number): Ref => ({ kind: 'input', index, output: 0 });
  return {
    inputs: Object.fromEntries(inputNames.map((name, i) => [name, info(input(inputs[i] ?? 0))])),
    outputs: Object.fromEntries(outputNames.map((name, i) => [name, info(outputs[i] as Ref)])),
  };
}

function otherEngine(): DistillError {
  return new DistillError(
    'ENGINE',
    `A SavedModel is written by the native TensorFlow engine, and this one is ${getBackend()}.`,
    {
      where: 'exportStudent',
      hint: 'Type `npx distill engine install` and choose it by --engine tensorflow; or export a LayersModel.',
    },
  );
}

function fixedBatch(why: string): DistillError {
  return new DistillError('OPTION', `The model has no graph for batches of any size: ${why}.`, {
    where: 'exportStudent',
    hint: 'Export it as a LayersModel.',
  });
}
