import { keep, type NamedTensorMap, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type InnerCall, learningRateOf, shareTensor, type StepWork } from '@tfjs-distill/core';
import { type NativeBackend, nativeId, type NativeTensor, setVariable } from './binding.js';
import { type CompiledTrace } from './CompiledTrace.js';
import { type LazyBinding } from './LazyBinding.js';
import { type SeenPart } from './SeenStep.js';
import { StepBacklog } from './StepBacklog.js';
import {
  type EarlierOutput,
  earlierOutput,
  isHeld,
  linksOf,
  LOGITS,
  type Sink,
  sourcesOf,
  type Source,
  withoutSlash,
} from './stepEnds.js';
import { gradientKey } from './stepRoles.js';

/** What a step has made so far. */
export interface StepSoFar {
  /** Batch, teacher's answers, and the gradients that a hook has left, by their keys. */
  readonly passing: Map<string, Tensor>;
  /** Outputs of the parts before; none where a variable is the only holder. */
  readonly made: (readonly (Tensor | undefined)[])[];
  /** Values of the schedules. */
  readonly knobs: readonly number[];
}

/** How to run one graph of a step without its JavaScript: which tensors go in, and who holds what comes out. */
export class PartPlan {
  readonly #backend: NativeBackend;
  readonly #lazy: LazyBinding;
  readonly #sources: readonly Source[];
  readonly #sinks: readonly Sink[];
  readonly #iterations: number;
  readonly #backlog: StepBacklog;
  /** Where the gradients come from that the hook after it is given. */
  readonly #gives: readonly (readonly [string, EarlierOutput | string])[];

  /** @returns A plan, or in one phrase why the part needs its JavaScript at every step. */
  static make(
    backend: NativeBackend,
    lazy: LazyBinding,
    parts: readonly SeenPart[],
    { index, size }: { readonly index: number; readonly size: number },
  ): PartPlan | string {
    const { sinks, then, recording } = parts[index] as SeenPart;
    const sources = sourcesOf(backend, lazy, parts, index);
    if (sources === undefined) return 'it uses tensors that a hook keeps';
    const stays = (id: number) => then === undefined || lazy.layoutOf(id) !== undefined;
    const ids = [...recording.survivors.keys()];
    if (sinks === undefined || sinks.some((sink, i) => !isHeld(sink) && stays(ids[i] as number)))
      return 'it leaves tensors that only a hook knows';
    return new PartPlan(backend, lazy, { parts, index, size, sources, sinks });
  }

  private constructor(
    backend: NativeBackend,
    lazy: LazyBinding,
    {
      parts,
      index,
      size,
      sources,
      sinks,
    }: {
      readonly parts: readonly SeenPart[];
      readonly index: number;
      readonly size: number;
      readonly sources: readonly Source[];
      readonly sinks: readonly Sink[];
    },
  ) {
    const { graph, gives, takes, then, iterations } = parts[index] as SeenPart;
    this.#backend = backend;
    this.#lazy = lazy;
    this.#sources = sources;
    this.#sinks = sinks;
    this.#iterations = iterations;
    this.graph = graph as CompiledTrace;
    this.#backlog = new StepBacklog(lazy, this.graph, { size, links: linksOf(sources, sinks) });
    const before = parts.slice(0, index + 1);
    this.#gives = [...gives].map(([name, id]) => [name, earlierOutput(before, id) ?? gradientKey(name)]);
    this.takes = [...takes.keys()];
    this.then = then;
  }

  readonly graph: CompiledTrace;
  /** Names of the gradients that it moves the weights by. */
  readonly takes: readonly string[];
  /** The hook to be called next. */
  readonly then: InnerCall | undefined;

  /** Whether the tensors that it feeds by their ids are still there. */
  get ready(): boolean {
    return this.#sources.every((source) => typeof source !== 'number' || this.#lazy.isPinned(source));
  }

  /** Runs it; the tensors that it adds to `soFar.made` belong to the `tidy` around. */
  run({ optimizer, scope }: StepWork, soFar: StepSoFar): void {
    const ids = this.#sources.map((source) => this.#idOf(source, soFar));
    const { knobs, made: before } = soFar;
    const facts = {
      seed: scope.seed,
      learningRate: learningRateOf(optimizer),
      knobs,
      part: before.length,
    };
    const outputs = this.#backlog.push(ids, facts);
    const losses: Record<string, Scalar> = {};
    const answers: Record<string, Tensor> = {};
    const made = outputs.map((tensor, i) => this.#place(tensor, this.#sinks[i] as Sink, { losses, answers }));
    soFar.made.push(made);
    if (Object.keys(losses).length > 0) scope.report(losses);
    const { [LOGITS]: logits, ...features } = answers;
    if (logits) scope.hear({ logits, features: withoutSlash(features) });
    for (let i = 0; i < this.#iterations; i++) (optimizer as unknown as Counting).incrementIterations();
    this.#backlog.runIfFull();
  }

  /** The gradients for the hook that comes next. */
  gradients({ passing, made }: StepSoFar): NamedTensorMap {
    const tensor = (from: EarlierOutput | string) =>
      (typeof from === 'string' ? passing.get(from) : made[from.part]?.[from.output]) as Tensor;
    return Object.fromEntries(this.#gives.map(([name, from]) => [name, tensor(from)]));
  }

  #idOf(source: Source, { passing, made }: StepSoFar): number {
    if (typeof source === 'number') return source;
    if (typeof source === 'string') return nativeId(this.#backend, passing.get(source) as Tensor);
    if ('dataId' in source) return nativeId(this.#backend, source);
    return nativeId(this.#backend, made[source.part]?.[source.output] as Tensor);
  }

  #place(
    tensor: NativeTensor,
    { variables, losses, answers, gradients }: Sink,
    given: { readonly losses: Record<string, Scalar>; readonly answers: Record<string, Tensor> },
  ): Tensor | undefined {
    const [variable, other] = variables;
    if (variable && !other && losses.length + answers.length + gradients.length === 0) {
      setVariable(this.#backend, variable, tensor);
      return undefined;
    }
    const value = this.#backend.createOutputTensor(tensor);
    for (const each of variables) each.assign(value);
    for (const name of losses) given.losses[name] = shareTensor(value) as Scalar;
    for (const name of answers) given.answers[name] = keep(shareTensor(value));
    return value;
  }
}

/** How an optimizer keeps count. */
interface Counting {
  incrementIterations(): void;
}
