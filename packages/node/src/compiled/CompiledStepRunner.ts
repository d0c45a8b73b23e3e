import { type Tensor, type Variable } from '@tensorflow/tfjs-core';
import {
  type CompiledStepOptions,
  DistillError,
  eagerStepRunner,
  type Knob,
  messageOf,
  type StepReport,
  type StepRunner,
  type StepWork,
} from '@tfjs-distill/core';
import { type NativeBackend, nativeBackend } from './binding.js';
import { CompiledTrace, type StepFacts } from './CompiledTrace.js';
import { type LazyBinding, lazyBindingOf } from './LazyBinding.js';
import { type Recording } from './Recording.js';
import { rateOf, StepPlan } from './StepPlan.js';
import { knownInputs, livingVariables, passingTensors, VARIABLE } from './stepRoles.js';

/** Ways that a step may go which are kept; the one that was not gone for longest is dropped. */
const KEPT = 16;
/** Steps in a row that were like none before: then recording them is a waste. */
const HOPELESS = 12;

/**
 * Runs steps as TensorFlow graphs, where the backend is native TensorFlow.
 *
 * The first step of a kind runs eagerly and is recorded. Later ones are *replayed*: their JavaScript runs
 * as ever, but its operations are put off and run as one graph. As soon as it is proven that the
 * JavaScript adds nothing, it is left out: *compiled*.
 */
export class CompiledStepRunner implements StepRunner {
  readonly asksTeacher = true;
  readonly #strict: boolean;
  readonly #stepsPerCall: number;
  /** Traces with their graphs, the last one used at the end. */
  #traces: CompiledTrace[] = [];
  readonly #plans = new Map<string, StepPlan>();
  readonly #reasons = new Set<string>();
  readonly #counts = { eager: 0, replayed: 0, compiled: 0 };
  #strangers = 0;

  constructor({ strict, stepsPerCall = 1 }: CompiledStepOptions) {
    this.#strict = strict;
    this.#stepsPerCall = stepsPerCall;
  }

  get report(): StepReport {
    return { ...this.#counts, reasons: [...this.#reasons] };
  }

  run(work: StepWork): void {
    const backend = nativeBackend();
    const obstacle = backend ? obstacleOf(work) : 'the backend is not native TensorFlow';
    if (backend === undefined || obstacle !== undefined || this.#strangers >= HOPELESS) {
      this.#eagerly(work, obstacle ?? 'hardly two steps are alike');
      return;
    }
    const passing = passingTensors(work);
    const layout = layoutOf(work, passing);
    const plan = this.#plans.get(layout);
    if (plan?.fits(work)) {
      plan.run(work, passing);
      this.#counts.compiled += 1;
      return;
    }
    this.#record(new StepRecorder(backend, work, passing), layout);
  }

  dispose(): void {
    const backend = nativeBackend();
    if (backend) lazyBindingOf(backend).catchUp();
    for (const trace of this.#traces) trace.dispose();
    this.#traces = [];
    this.#plans.clear();
  }

  #eagerly(work: StepWork, reason: string): void {
    if (this.#strict) throw notCompiled(reason);
    this.#reasons.add(reason);
    this.#counts.eager += 1;
    void eagerStepRunner.run(work);
  }

  #record(step: StepRecorder, layout: string): void {
    const interrupted = (why: string) => {
      if (this.#strict) throw notCompiled(why);
      this.#reasons.add(why);
    };
    const recording = step.record(this.#traces, interrupted);
    this.#plans.delete(layout);
    if (recording.opaque) {
      this.#counts.eager += 1;
      return;
    }
    const compiled = this.#compiledFor(step, recording);
    if (recording.putOff && this.#replay(step, recording, compiled)) {
      this.#counts.replayed += 1;
      this.#strangers = 0;
      const plan = step.plan(recording, compiled, this.#stepsPerCall);
      if (typeof plan === 'string') this.#reasons.add(`JavaScript runs at every step: ${plan}`);
      else this.#plans.set(layout, plan);
    } else {
      this.#counts.eager += 1;
      this.#strangers += 1;
    }
  }

  /** Runs the step's graph; if TensorFlow refuses it, the operations one by one. */
  #replay(step: StepRecorder, recording: Recording, compiled: CompiledTrace): boolean {
    try {
      compiled.compare(recording, step.facts);
      compiled.freeze(step.teacherInputs(compiled.trace), recording.inputIds);
      recording.settle(compiled.replay(recording, step.facts));
      return true;
    } catch (error) {
      recording.runPutOff();
      this.#drop(compiled);
      if (this.#strict) throw notCompiled(messageOf(error), error);
      this.#reasons.add(`TensorFlow refuses the graph: ${messageOf(error)}`);
      return false;
    }
  }

  #compiledFor(step: StepRecorder, recording: Recording): CompiledTrace {
    const trace = recording.trace();
    const known = this.#traces.find((candidate) => candidate.trace === trace);
    const compiled = known ?? step.compile(trace);
    this.#traces = [...this.#traces.filter((other) => other !== known), compiled];
    const [oldest] = this.#traces;
    if (oldest && this.#traces.length > KEPT) this.#drop(oldest);
    return compiled;
  }

  #drop(compiled: CompiledTrace): void {
    compiled.dispose();
    this.#traces = this.#traces.filter((other) => other !== compiled);
    for (const [layout, plan] of this.#plans) if (plan.compiled === compiled) this.#plans.delete(layout);
  }
}

/** One step under observation. */
class StepRecorder {
  readonly #backend: NativeBackend;
  readonly #lazy: LazyBinding;
  readonly #work: StepWork;
  readonly #passing: ReadonlyMap<string, Tensor>;
  readonly #knobs = new Set<Knob>();
  readonly #reads = new Set<string>();
  readonly #count: number;
  #before: ReadonlyMap<Variable, number> = new Map();
  /** How many inputs had been used when the teacher had answered. */
  #asked = 0;

  constructor(backend: NativeBackend, work: StepWork, passing: ReadonlyMap<string, Tensor>) {
    this.#backend = backend;
    this.#lazy = lazyBindingOf(backend);
    this.#work = work;
    this.#passing = passing;
    this.#count = work.optimizer.iterations;
  }

  get facts(): StepFacts {
    return { seed: this.#work.scope.seed, learningRate: rateOf(this.#work.optimizer) };
  }

  record(known: readonly CompiledTrace[], onInterrupt: (why: string) => void): Recording {
    const inputs = knownInputs(this.#backend, this.#passing);
    const idOf = ({ dataId }: Variable) => this.#backend.tensorMap.get(dataId).id;
    this.#before = new Map(livingVariables(this.#backend).map((variable) => [variable, idOf(variable)]));
    const traces = known.map(({ trace }) => trace);
    const observer = {
      knob: (knob: Knob) => void this.#knobs.add(knob),
      read: (name: string) => void this.#reads.add(name),
    };
    const { askTeacher, scope } = this.#work;
    const ask = () => {
      askTeacher?.();
      this.#asked = this.#lazy.inputsSoFar;
    };
    const work = askTeacher ? { ...this.#work, askTeacher: ask } : this.#work;
    return this.#lazy.record({ inputs, traces, onInterrupt }, () =>
      scope.observe(observer, () => void eagerStepRunner.run(work)),
    );
  }

  /** Inputs that the teacher was the first to use, and that neither pass by nor are trained: its weights. */
  teacherInputs({ inputs }: CompiledTrace['trace']): readonly number[] {
    const trained = new Set(this.#work.variables.map(({ name }) => VARIABLE + name));
    const weights = inputs
      .slice(0, this.#asked)
      .filter(({ key }) => !trained.has(key) && !this.#passing.has(key));
    return weights.map((input) => inputs.indexOf(input));
  }

  compile(trace: CompiledTrace['trace']): CompiledTrace {
    return new CompiledTrace(this.#backend, this.#lazy.native, trace, this.facts);
  }

  plan(recording: Recording, compiled: CompiledTrace, stepsPerCall: number): StepPlan | string {
    return StepPlan.make(this.#backend, this.#lazy, compiled, {
      work: this.#work,
      recording,
      before: this.#before,
      knobs: this.#knobs,
      reads: this.#reads,
      iterations: this.#work.optimizer.iterations - this.#count,
      stepsPerCall,
    });
  }
}

/** Why a step should not even be tried. */
function obstacleOf({ scope: { criteria, listeners } }: StepWork): string | undefined {
  const criterion = criteria.find(({ traceable }) => traceable === false);
  if (criterion) return `criterion "${criterion.type}" is declared not traceable`;
  const listener = listeners.find(({ traceable }) => traceable === false);
  return listener && `plugin "${listener.name}" is declared not traceable`;
}

/** Shapes and types of all that differs from batch to batch. */
function layoutOf({ batch, taps }: StepWork, passing: ReadonlyMap<string, Tensor>): string {
  const layouts = [...passing].map(([key, { shape, dtype }]) => `${key}:${dtype}[${shape.join()}]`);
  return [...layouts, ...taps, batch.ids === undefined ? '' : 'ids'].join(';');
}

function notCompiled(why: string, cause?: unknown): DistillError {
  return new DistillError('OPTION', `The step cannot be compiled: ${why}.`, {
    where: "stepRunner: 'compiled'",
    hint: "Leave `stepRunner` at 'auto': such steps run eagerly then.",
    cause,
  });
}
