import { type Tensor } from '@tensorflow/tfjs-core';
import { type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** One call of a layer. */
export type LayerCall = SymbolicTensor['sourceLayer']['inboundNodes'][number];

/** What tensors hold while a model runs, by the id of the symbolic tensor. */
export type Values = ReadonlyMap<number, Tensor>;

/** The call that gives a tensor. */
export function callOf({ sourceLayer, nodeIndex }: SymbolicTensor): LayerCall {
  return sourceLayer.inboundNodes[nodeIndex] as LayerCall;
}

/**
 * The calls that it takes to get some tensors, in an order in which they can run.
 *
 * @param done Calls that have run already; neither they nor what they need comes again.
 */
export function callsTo(
  targets: readonly SymbolicTensor[],
  done: ReadonlySet<LayerCall> = new Set(),
): LayerCall[] {
  const seen = new Set(done);
  const calls: LayerCall[] = [];
  const visit = (tensor: SymbolicTensor): void => {
    const call = callOf(tensor);
    if (seen.has(call)) return;
    seen.add(call);
    for (const input of call.inputTensors) visit(input);
    calls.push(call);
  };
  for (const target of targets) visit(target);
  return calls;
}

/**
 * Runs calls of layers in inference mode, one after the other.
 *
 * @param given What the calls need and do not compute themselves.
 * @returns `given` and all that was computed. The new tensors belong to the caller's `tidy`.
 */
export function runCalls(calls: readonly LayerCall[], given: Values): Values {
  const values = new Map(given);
  for (const { outboundLayer, inputTensors, outputTensors } of calls) {
    if (outputTensors.every(({ id }) => values.has(id))) continue; // an input, which was given
    const inputs = inputTensors.map(({ id }) => values.get(id) as Tensor);
    const result = outboundLayer.apply(inputs, { training: false }) as Tensor | Tensor[];
    const outputs = Array.isArray(result) ? result : [result];
    for (const [i, { id }] of outputTensors.entries()) values.set(id, outputs[i] as Tensor);
  }
  return values;
}
