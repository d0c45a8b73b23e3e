import { type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import { nativeBackend, type NativeBackend, nativeId } from './binding.js';
import { CompiledTrace } from './CompiledTrace.js';
import { type LazyBinding, lazyBindingOf } from './LazyBinding.js';
import { type Recording } from './Recording.js';
import { knownInputs, livingVariables, VARIABLE } from './stepRoles.js';

/** A function of tensors alone, such as a model's forward pass. */
export type Forward = (inputs: readonly Tensor[]) => readonly Tensor[];

/** The same function as a TensorFlow graph. */
export interface CompiledForward {
  /** @returns What the function gives. The caller owns the tensors. */
  run(inputs: readonly Tensor[]): Tensor[];
  /** Frees the graphs. */
  dispose(): void;
}

/**
 * Runs a forward pass as one graph of native TensorFlow, its weights part of the graph: folded and fused. The first
 * call with inputs of a shape runs as ever and is recorded, the second is compared with it, the others are the graph
 * alone. Weights that change are noticed at the next call. Where the engine is another, or the function needs its
 * JavaScript, it runs as ever.
 *
 * @param forward A pure function: what it reads beside its inputs and variables stays as it was.
 *
 * @example
 * const compiled = compileForward(([x]) => [model.predict(x as Tensor) as Tensor]);
 * const [logits] = compiled.run([images]);
 */
export function compileForward(forward: Forward): CompiledForward {
  const kinds = new Map<string, ForwardKind>();
  return {
    run(inputs) {
      const backend = nativeBackend();
      if (backend === undefined) return eagerly(forward, inputs);
      const layout = inputs.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join();
      const kind = kinds.get(layout) ?? new ForwardKind(backend, forward);
      kinds.set(layout, kind);
      return kind.run(inputs);
    },
    dispose() {
      for (const kind of kinds.values()) kind.dispose();
      kinds.clear();
    },
  };
}

function eagerly(forward: Forward, inputs: readonly Tensor[]): Tensor[] {
  return tidy(() => [...forward(inputs)]);
}

/** Nothing in a forward pass is random or learns. */
const FACTS = { seed: 0, learningRate: undefined, knobs: [], part: 0 };
/** Calls that were like none before, until recording them is given up. */
const PATIENCE = 4;

/** How to run the function without its JavaScript. */
interface ForwardPlan {
  /** Of each input of the graph: the function's input of that number, a variable, or a fixed native id. */
  readonly sources: readonly (number | Variable | { readonly id: number })[];
  /** Which of the graph's outputs each result is. */
  readonly places: readonly number[];
}

/** The function for inputs of one shape. */
class ForwardKind {
  readonly #backend: NativeBackend;
  readonly #lazy: LazyBinding;
  readonly #forward: Forward;
  #compiled: CompiledTrace | undefined;
  #plan: ForwardPlan | undefined;
  #patience = PATIENCE;

  constructor(backend: NativeBackend, forward: Forward) {
    this.#backend = backend;
    this.#lazy = lazyBindingOf(backend);
    this.#forward = forward;
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    if (this.#plan && this.#compiled) return this.#direct(inputs, this.#plan, this.#compiled);
    return this.#patience > 0 ? this.#record(inputs) : eagerly(this.#forward, inputs);
  }

  dispose(): void {
    this.#compiled?.dispose();
    this.#compiled = this.#plan = undefined;
  }

  #direct(inputs: readonly Tensor[], { sources, places }: ForwardPlan, compiled: CompiledTrace): Tensor[] {
    const ids = sources.map((source) => {
      if (typeof source === 'object' && !('dataId' in source)) return source.id;
      const tensor = typeof source === 'number' ? (inputs[source] as Tensor) : source;
      return this.#lazy.real(nativeId(this.#backend, tensor));
    });
    const outputs = compiled.run(ids, FACTS).map((tensor) => this.#backend.createOutputTensor(tensor));
    return places.map((place) => outputs[place] as Tensor);
  }

  #record(inputs: readonly Tensor[]): Tensor[] {
    const passing = new Map(inputs.map((tensor, i) => [`x ${i}`, tensor]));
    const known = knownInputs(this.#backend, passing);
    const traces = this.#compiled ? [this.#compiled.trace] : [];
    let results: Tensor[] = [];
    const recording = this.#lazy.record({ inputs: known, traces }, () => {
      results = eagerly(this.#forward, inputs);
    });
    if (recording.opaque || !this.#replayed(recording)) this.#patience -= 1;
    else this.#plan = this.#planOf(recording, results);
    return results;
  }

  /** Runs what was put off. False where the call was recorded only. */
  #replayed(recording: Recording): boolean {
    const trace = recording.trace();
    if (this.#compiled?.trace !== trace) {
      this.#compiled?.dispose();
      this.#compiled = new CompiledTrace(this.#backend, this.#lazy.native, trace, FACTS);
    }
    if (!recording.putOff) return false;
    const weights = trace.inputs.flatMap(({ key }, i) => (key.startsWith('x ') ? [] : [i]));
    this.#compiled.compare(recording, FACTS);
    this.#compiled.freeze(weights, recording.inputIds);
    recording.settle(this.#compiled.replay(recording, FACTS));
    return true;
  }

  #planOf(recording: Recording, results: readonly Tensor[]): ForwardPlan | undefined {
    if (recording.looked || !this.#compiled?.uploads.settled) return undefined;
    const ids = [...recording.survivors].flatMap(([id, { kind }]) => (kind === 'op' ? [id] : []));
    const idOf = ({ dataId }: Tensor) => this.#backend.tensorMap.get(dataId).id;
    const places = results.map((result) => ids.indexOf(idOf(result)));
    if (places.includes(-1) || new Set(places).size < recording.survivors.size) return undefined;
    const variables = new Map(livingVariables(this.#backend).map((each) => [VARIABLE + each.name, each]));
    const sources = this.#compiled.trace.inputs.map(({ key }, i) => {
      if (key.startsWith('x ')) return Number(key.slice(2));
      return variables.get(key) ?? { id: recording.inputIds[i] as number };
    });
    return { sources, places };
  }
}
