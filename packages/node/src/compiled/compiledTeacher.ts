import { type Tensor } from '@tensorflow/tfjs-core';
import { type Batch, type Inputs, inputTensors, isTensor, type TeacherSource } from '@tfjs-distill/core';
import { type CompiledForward, compileForward } from './compileForward.js';

/**
 * The same teacher, its forward pass one graph where the engine is native TensorFlow: for labelling and evaluation.
 * A distillation step takes a live teacher into its own graph and needs none of this.
 *
 * @param source Taken over: disposing the result disposes it.
 * @returns The source itself unless it is `immediate`.
 *
 * @example
 * const teacher = compiledTeacher(liveTeacher(model));
 * const { logits } = await teacher.outputs({ x });
 */
export function compiledTeacher<Source extends TeacherSource>(source: Source): Source {
  if (source.immediate !== true) return source;
  const compiled = new Map<string, CompiledForward>();
  return {
    ...source,
    outputs: (batch, taps = []) => {
      const key = [...keysOf(batch.x), '/', ...taps].join(' ');
      const forward =
        compiled.get(key) ?? compileForward((tensors) => answer(source, batch.x, tensors, taps));
      compiled.set(key, forward);
      const [logits, ...features] = forward.run(inputTensors(batch.x)) as [Tensor, ...Tensor[]];
      return { logits, features: Object.fromEntries(taps.map((tap, i) => [tap, features[i] as Tensor])) };
    },
    dispose: () => {
      for (const forward of compiled.values()) forward.dispose();
      source.dispose?.();
    },
  };
}

function answer(
  source: TeacherSource,
  like: Inputs,
  tensors: readonly Tensor[],
  taps: readonly string[],
): readonly Tensor[] {
  const outputs = source.outputs({ x: arranged(like, tensors) } satisfies Batch, taps);
  if (outputs instanceof Promise) throw new Error(`Teacher "${source.name}" is called immediate and is not.`);
  return [outputs.logits, ...taps.map((tap) => outputs.features[tap] as Tensor)];
}

/** Names of an input's parts; their order, where they have none. */
function keysOf(x: Inputs): readonly string[] {
  return isTensor(x) ? ['x'] : Object.keys(x);
}

function arranged(like: Inputs, tensors: readonly Tensor[]): Inputs {
  if (isTensor(like)) return tensors[0] as Tensor;
  if (Array.isArray(like)) return tensors;
  return Object.fromEntries(Object.keys(like).map((name, i) => [name, tensors[i] as Tensor]));
}
