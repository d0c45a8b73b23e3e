import {
  AdadeltaOptimizer,
  AdagradOptimizer,
  AdamaxOptimizer,
  AdamOptimizer,
  type DataId,
  keep,
  MomentumOptimizer,
  type Optimizer,
  RMSPropOptimizer,
  type Scalar,
  SGDOptimizer,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { type Knob, shareTensor, type StepScope, type StepWork } from '@tfjs-distill/core';
import { type NativeBackend, nativeId, type NativeTensor, setVariable } from './binding.js';
import { type CompiledTrace } from './CompiledTrace.js';
import { type LazyBinding } from './LazyBinding.js';
import { KEPT, type Recording, STRANGER } from './Recording.js';
import { StepBacklog } from './StepBacklog.js';
import { AMBIGUOUS, livingVariables, VARIABLE } from './stepRoles.js';

/** What was seen of a step while it was recorded. */
export interface SeenStep {
  readonly work: StepWork;
  readonly recording: Recording;
  /** Data of every variable before the step. */
  readonly before: ReadonlyMap<Variable, number>;
  /** Schedules that were asked for. */
  readonly knobs: ReadonlySet<Knob>;
  /** What else was read of the context that changes from step to step. */
  readonly reads: ReadonlySet<string>;
  /** How often the optimizer counted. */
  readonly iterations: number;
  /** How many steps one call is to run. */
  readonly stepsPerCall: number;
}

/** Where an input of the graph is found at the next step: a variable, a passing tensor's key, or a pinned id. */
type Source = Variable | string | number;

/** Who holds an output of the graph after the step. */
interface Sink {
  readonly variables: Variable[];
  readonly losses: string[];
  /** `logits`, or a feature's name after a slash. */
  readonly answers: string[];
}

/** Optimizers whose step is tensors and one count. */
const PURE_OPTIMIZERS: readonly unknown[] = [
  AdadeltaOptimizer,
  AdagradOptimizer,
  AdamaxOptimizer,
  AdamOptimizer,
  MomentumOptimizer,
  RMSPropOptimizer,
  SGDOptimizer,
];

/**
 * How to run a step without its JavaScript: which tensors go in, who holds what comes out, and all that
 * has to be as it was when the plan was made.
 */
export class StepPlan {
  readonly #backend: NativeBackend;
  readonly #compiled: CompiledTrace;
  readonly #lazy: LazyBinding;
  readonly #sources: readonly Source[];
  readonly #sinks: readonly Sink[];
  readonly #conditions: Conditions;
  readonly #backlog: StepBacklog;

  /** @returns A plan, or in one phrase why the step needs its JavaScript at every step. */
  static make(
    backend: NativeBackend,
    lazy: LazyBinding,
    compiled: CompiledTrace,
    seen: SeenStep,
  ): StepPlan | string {
    const { work, reads, recording } = seen;
    const listener = work.scope.listeners.find(({ traceable }) => traceable !== true);
    if (listener) return `plugin "${listener.name}" is not declared traceable`;
    const changing = [...reads].filter((read) => read !== 'epoch'); // of which `fits` takes care
    if (changing.length > 0) return `a criterion reads ${changing.join(', ')}`;
    if (recording.looked) return 'a criterion or hook looks at values';
    if (!PURE_OPTIMIZERS.includes(work.optimizer.constructor)) return 'the optimizer is not one of tf.train';
    if (!compiled.settled) return 'numbers that JavaScript uploads differ from step to step';
    const sources = sourcesOf(backend, lazy, compiled, recording);
    if (sources === undefined) return 'it uses tensors that a hook keeps';
    const sinks = sinksOf(backend, seen);
    if (sinks === undefined) return 'it leaves tensors that only a hook knows';
    const conditions = conditionsOf(seen);
    return new StepPlan(backend, lazy, compiled, {
      sources,
      sinks,
      conditions,
      stepsPerCall: seen.stepsPerCall,
    });
  }

  private constructor(
    backend: NativeBackend,
    lazy: LazyBinding,
    compiled: CompiledTrace,
    parts: {
      sources: readonly Source[];
      sinks: readonly Sink[];
      conditions: Conditions;
      stepsPerCall: number;
    },
  ) {
    this.#backend = backend;
    this.#lazy = lazy;
    this.#compiled = compiled;
    this.#sources = parts.sources;
    this.#sinks = parts.sinks;
    this.#conditions = parts.conditions;
    const links = linksOf(parts.sources, parts.sinks);
    this.#backlog = new StepBacklog(lazy, compiled, { size: parts.stepsPerCall, links });
  }

  get compiled(): CompiledTrace {
    return this.#compiled;
  }

  /** Whether a step may go by this plan. */
  fits(work: StepWork): boolean {
    const then = this.#conditions;
    const { epoch, globalStep } = work.scope.progress;
    return (
      // the first step of an epoch, and of another training, is compared anew
      then.epoch === epoch &&
      then.globalStep < globalStep &&
      sameList(then.parts, partsOf(work)) &&
      sameList(then.knobs, knobValues(then.schedules, work.scope)) &&
      (then.learningRate === rateOf(work.optimizer) || this.#compiled.knowsRate) &&
      this.#sources.every((source) => typeof source !== 'number' || this.#lazy.isPinned(source))
    );
  }

  run({ optimizer, scope }: StepWork, passing: ReadonlyMap<string, Tensor>): void {
    const ids = this.#sources.map((source) => {
      if (typeof source === 'number') return source;
      const tensor = typeof source === 'string' ? (passing.get(source) as Tensor) : source;
      return nativeId(this.#backend, tensor);
    });
    const outputs = this.#backlog.push(ids, { seed: scope.seed, learningRate: rateOf(optimizer) });
    const losses: Record<string, Scalar> = {};
    const answers: Record<string, Tensor> = {};
    outputs.forEach((tensor, i) => this.#place(tensor, this.#sinks[i] as Sink, { losses, answers }));
    scope.report(losses);
    const { [LOGITS]: logits, ...features } = answers;
    if (logits) scope.hear({ logits, features: withoutSlash(features) });
    for (let i = 0; i < this.#conditions.iterations; i++)
      (optimizer as unknown as Counting).incrementIterations();
    this.#backlog.runIfFull();
  }

  #place(
    tensor: NativeTensor,
    { variables, losses, answers }: Sink,
    given: { readonly losses: Record<string, Scalar>; readonly answers: Record<string, Tensor> },
  ): void {
    const [variable, other] = variables;
    if (variable && !other && losses.length + answers.length === 0) {
      setVariable(this.#backend, variable, tensor);
      return;
    }
    const value = this.#backend.createOutputTensor(tensor);
    for (const each of variables) each.assign(value);
    for (const name of losses) given.losses[name] = shareTensor(value) as Scalar;
    for (const name of answers) given.answers[name] = keep(shareTensor(value));
    value.dispose();
  }
}

/** How an optimizer keeps count. */
interface Counting {
  incrementIterations(): void;
}

/** All that a plan takes for granted. */
interface Conditions {
  readonly iterations: number;
  readonly epoch: number;
  readonly globalStep: number;
  readonly parts: readonly unknown[];
  readonly schedules: readonly Knob[];
  readonly knobs: readonly unknown[];
  readonly learningRate: number | undefined;
}

function conditionsOf({ work, knobs, iterations }: SeenStep): Conditions {
  const schedules = [...knobs].filter((knob) => typeof knob === 'function');
  return {
    iterations,
    epoch: work.scope.progress.epoch,
    globalStep: work.scope.progress.globalStep,
    parts: partsOf(work),
    schedules,
    knobs: knobValues(schedules, work.scope),
    learningRate: rateOf(work.optimizer),
  };
}

/** Everything whose exchange makes another step: compared by identity. */
function partsOf({ student, taskLoss, optimizer, taps, variables, scope }: StepWork): unknown[] {
  const criteria = scope.criteria.flatMap((criterion) => [criterion, criterion.weight, criterion.taskWeight]);
  const settings = Object.entries(optimizer as unknown as Record<string, unknown>).filter(
    ([name, value]) => typeof value === 'number' && name !== 'learningRate' && name !== 'iterations_',
  );
  const listeners = scope.listeners.map(({ name }) => name);
  const slots = slotsOf(optimizer);
  return [
    student,
    taskLoss,
    optimizer,
    ...taps,
    ...variables,
    ...slots,
    ...criteria,
    ...settings.flat(),
    ...listeners,
  ];
}

/** The variables that an optimizer keeps: a restored one has others. */
function slotsOf(optimizer: Optimizer): unknown[] {
  return Object.values(optimizer as unknown as Record<string, unknown>).flatMap((value) => {
    if (Array.isArray(value)) return value.map((slot: { variable?: Variable } | null) => slot?.variable);
    return typeof value === 'object' && value !== null && 'dataId' in value && 'trainable' in value
      ? [value]
      : [];
  });
}

function knobValues(schedules: readonly Knob[], { progress }: StepScope): unknown[] {
  return schedules.map((knob) => (typeof knob === 'function' ? knob(progress) : knob));
}

/** An optimizer's learning rate, where it has one. */
export function rateOf(optimizer: Optimizer): number | undefined {
  const { learningRate } = optimizer as unknown as { learningRate?: unknown };
  return typeof learningRate === 'number' ? learningRate : undefined;
}

function sourcesOf(
  backend: NativeBackend,
  lazy: LazyBinding,
  compiled: CompiledTrace,
  { heldIds }: Recording,
): Source[] | undefined {
  const variables = new Map(livingVariables(backend).map((variable) => [variable.name, variable]));
  const sources = compiled.trace.inputs.map(({ key }, i): Source | undefined => {
    if (key.includes(AMBIGUOUS)) return undefined;
    if (key === KEPT) return compiled.stayed(i) ? heldIds[i] : undefined;
    if (key.startsWith(VARIABLE)) return variables.get(key.slice(VARIABLE.length));
    return key.startsWith(STRANGER) ? Number(key.slice(STRANGER.length)) : key;
  });
  if (sources.includes(undefined)) return undefined;
  for (const source of sources) if (typeof source === 'number') lazy.pin(source);
  return sources as Source[];
}

/** Inputs that the next step takes from this one's outputs: the variables that it moves. */
function linksOf(sources: readonly Source[], sinks: readonly Sink[]): ReadonlyMap<number, number> {
  const links = sources.map((source, i) => {
    const output = sinks.findIndex(({ variables }) => variables.includes(source as Variable));
    return [i, output] as const;
  });
  return new Map(links.filter(([, output]) => output >= 0));
}

function sinksOf(backend: NativeBackend, { work, recording, before }: SeenStep): Sink[] | undefined {
  const sinks = new Map<number, Sink>();
  for (const [id, { kind }] of recording.survivors) {
    if (kind === 'constant') return undefined;
    sinks.set(id, { variables: [], losses: [], answers: [] });
  }
  for (const variable of livingVariables(backend)) {
    const id = idOf(backend, variable.dataId);
    const sink = sinks.get(id);
    if (sink) sink.variables.push(variable);
    else if (before.get(variable) !== id) return undefined; // made in this step, or given another's data
  }
  for (const [name, loss] of Object.entries(work.scope.losses)) {
    const sink = sinks.get(idOf(backend, loss.dataId));
    if (sink === undefined) return undefined;
    sink.losses.push(name);
  }
  if (work.askTeacher) {
    for (const [name, tensor] of answersOf(work.scope))
      sinks.get(idOf(backend, tensor.dataId))?.answers.push(name);
  }
  const all = [...sinks.values()];
  const held = ({ variables, losses, answers }: Sink) =>
    variables.length + losses.length + answers.length > 0;
  return all.every(held) ? all : undefined;
}

const LOGITS = 'logits';

function answersOf({ answers }: StepScope): [string, Tensor][] {
  if (answers === undefined) return [];
  const features = Object.entries(answers.features).map(([name, tensor]): [string, Tensor] => [
    `/${name}`,
    tensor,
  ]);
  return [[LOGITS, answers.logits], ...features];
}

function withoutSlash(features: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(features).map(([name, tensor]) => [name.slice(1), tensor]));
}

function idOf(backend: NativeBackend, dataId: DataId): number {
  return backend.tensorMap.get(dataId).id;
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
