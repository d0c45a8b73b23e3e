import { type NamedTensorMap, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import {
  type ContextObserver,
  eagerStepRunner,
  type InnerCall,
  type Knob,
  learningRateOf,
  type StepWork,
} from '@tfjs-distill/core';
import { type NativeBackend } from './binding.js';
import { CompiledTrace } from './CompiledTrace.js';
import { type LazyBinding, lazyBindingOf } from './LazyBinding.js';
import { type Recording, type RecordOptions } from './Recording.js';
import { type SeenPart, type SeenStep } from './SeenStep.js';
import { knobValues, schedulesOf } from './StepConditions.js';
import { StepPlan } from './StepPlan.js';
import { sinksOf } from './stepEnds.js';
import { gradientKey, knownInputs, livingVariables, VARIABLE } from './stepRoles.js';
import { type Trace } from './Trace.js';
import { type StepFacts } from './Uploads.js';

/** What a recorder asks of whoever keeps the graphs. */
export interface RecorderHost {
  /** Steps seen before, and their parts. */
  traces(): readonly Trace[];
  /** Runs what a part has put off. @returns Its graph, if it ran as one. */
  carryOut(recording: Recording): CompiledTrace | undefined;
  /** Told where a step stops being predictable. */
  onInterrupt(why: string): void;
}

/** One step under observation. */
export class StepRecorder {
  readonly #backend: NativeBackend;
  readonly #lazy: LazyBinding;
  readonly #work: StepWork;
  readonly #passing: ReadonlyMap<string, Tensor>;
  readonly #knobs = new Set<Knob>();
  readonly #reads = new Set<string>();
  readonly #parts: SeenPart[] = [];
  /** Data of every variable where the part under way began, the optimizer's count, the gradients left by a hook. */
  #before: ReadonlyMap<Variable, number> = new Map();
  #count = 0;
  #takes: ReadonlyMap<string, number> = new Map();
  /** How many inputs had been used when the teacher had answered. */
  #asked = 0;

  constructor(backend: NativeBackend, work: StepWork, passing: ReadonlyMap<string, Tensor>) {
    this.#backend = backend;
    this.#lazy = lazyBindingOf(backend);
    this.#work = work;
    this.#passing = passing;
  }

  get facts(): StepFacts {
    const { scope, optimizer } = this.#work;
    const knobs = knobValues(schedulesOf(this.#knobs), scope);
    return { seed: scope.seed, learningRate: learningRateOf(optimizer), knobs, part: this.#parts.length };
  }

  /** Runs the step: recorded, but for the hooks that are not to be. */
  record(host: RecorderHost): SeenStep {
    const { scope } = this.#work;
    let recorded = true;
    const observer: ContextObserver = {
      knob: (knob) => void (recorded && this.#knobs.add(knob)),
      read: (name) => void (recorded && this.#reads.add(name)),
      untraced: (call, value, body) => {
        recorded = false;
        const result = this.#lazy.interlude(
          (recording) => this.#endPart(host, recording, { call, value }),
          body,
          (returned) => this.#beginPart(host, { call, value: returned ?? value }),
        );
        recorded = true;
        return result;
      },
    };
    const run = () => scope.observe(observer, () => void eagerStepRunner.run(this.#observed()));
    this.#endPart(host, this.#lazy.record(this.#beginPart(host), run));
    return { work: this.#work, parts: this.#parts, knobs: this.#knobs, reads: this.#reads };
  }

  /** Inputs that the teacher was the first to use, and that neither pass by nor are trained: its weights. */
  teacherInputs({ inputs }: Trace): readonly number[] {
    if (this.#parts.length > 0) return [];
    const trained = new Set(this.#work.variables.map(({ name }) => VARIABLE + name));
    const weights = inputs
      .slice(0, this.#asked)
      .filter(({ key }) => !trained.has(key) && !this.#passing.has(key));
    return weights.map((input) => inputs.indexOf(input));
  }

  compile(trace: Trace): CompiledTrace {
    return new CompiledTrace(this.#backend, this.#lazy.native, trace, this.facts);
  }

  /** @returns How to run it without its JavaScript, or in one phrase why that cannot be. */
  plan(seen: SeenStep, stepsPerCall: number): StepPlan | string {
    return StepPlan.make(this.#backend, this.#lazy, seen, stepsPerCall);
  }

  #observed(): StepWork {
    const { askTeacher } = this.#work;
    if (askTeacher === undefined) return this.#work;
    const ask = () => {
      askTeacher();
      this.#asked = this.#lazy.inputsSoFar;
    };
    return { ...this.#work, askTeacher: ask };
  }

  #beginPart(host: RecorderHost, after?: HookValue): RecordOptions {
    const passing = new Map(this.#passing);
    for (const [name, gradient] of gradientsIn(after)) passing.set(gradientKey(name), gradient);
    const inputs = knownInputs(this.#backend, passing);
    this.#takes = this.#idsOf(gradientsIn(after)); // uploaded by now
    const idOf = ({ dataId }: Variable) => this.#backend.tensorMap.get(dataId).id;
    this.#before = new Map(livingVariables(this.#backend).map((variable) => [variable, idOf(variable)]));
    this.#count = this.#work.optimizer.iterations;
    return { inputs, traces: host.traces(), onInterrupt: (why) => host.onInterrupt(why) };
  }

  #endPart(host: RecorderHost, recording: Recording, before?: HookValue): void {
    const gives = this.#idsOf(gradientsIn(before));
    const sinks = sinksOf(this.#backend, { work: this.#work, recording, before: this.#before, gives });
    const iterations = this.#work.optimizer.iterations - this.#count;
    const graph = host.carryOut(recording);
    this.#parts.push({ recording, graph, sinks, iterations, takes: this.#takes, then: before?.call, gives });
  }

  #idsOf(gradients: readonly (readonly [string, Tensor])[]): ReadonlyMap<string, number> {
    return new Map(gradients.map(([name, { dataId }]) => [name, this.#backend.tensorMap.get(dataId).id]));
  }
}

/** What a hook is given, or gives back. */
interface HookValue {
  readonly call: InnerCall;
  readonly value: unknown;
}

function gradientsIn(after: HookValue | undefined): [string, Tensor][] {
  return after?.call.hook === 'onBeforeOptimizerStep' ? Object.entries(after.value as NamedTensorMap) : [];
}
