import { clone, dispose, keep, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type TappedLayersModel } from './TappedLayersModel.js';

/** What to tap inside a nested model: names to the model around it, and to itself. */
export interface NestedTaps {
  readonly container: LayersModel;
  readonly tapped: TappedLayersModel;
  readonly names: readonly (readonly [outer: string, inner: string])[];
}

/**
 * Runs a forward pass in which nested models give their inner features too.
 *
 * A layers model shows nothing of what happens inside a nested one, so for the time of the pass the
 * nested model's `call` is one that keeps what was tapped. Nothing runs twice.
 *
 * @returns The pass's result and the features; both belong to the caller's `tidy`.
 */
export function withNestedTaps<T>(
  nested: readonly NestedTaps[],
  forward: () => T,
): { readonly result: T; readonly features: Readonly<Record<string, Tensor>> } {
  if (nested.length === 0) return { result: forward(), features: {} };
  const kept = new Map<string, Tensor>();
  const undo = nested.map((taps) => listen(taps, kept));
  try {
    const result = forward();
    const features = Object.fromEntries([...kept].map(([name, feature]) => [name, clone(feature)]));
    return { result, features };
  } finally {
    for (const stop of undo) stop();
    dispose([...kept.values()]);
  }
}

function listen({ container, tapped, names }: NestedTaps, kept: Map<string, Tensor>): () => void {
  const before = Object.getOwnPropertyDescriptor(container, 'call');
  const inner = names.map(([, name]) => name);
  container.call = (inputs, options) => {
    const { outputs, features } = tapped.call(inputs, options, inner);
    // the scopes of the models around it free what they do not know of
    for (const [name, own] of names) kept.set(name, keep(clone(features[own] as Tensor)));
    return outputs.length === 1 ? (outputs[0] as Tensor) : outputs;
  };
  return () => {
    if (before === undefined) delete (container as Partial<LayersModel>).call;
    else Object.defineProperty(container, 'call', before);
  };
}
