import {
  type CompiledStepOptions,
  DistillError,
  eagerStepRunner,
  messageOf,
  type StepReport,
  type StepRunner,
  type StepWork,
} from '@tfjs-distill/core';
import { type Tensor } from '@tensorflow/tfjs-core';
import { nativeBackend } from './binding.js';
import { type CompiledTrace } from './CompiledTrace.js';
import { lazyBindingOf } from './LazyBinding.js';
import { type Recording } from './Recording.js';
import { type StepPlan } from './StepPlan.js';
import { StepRecorder } from './StepRecorder.js';
import { passingTensors } from './stepRoles.js';

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
    this.#plans.delete(layout);
    const seen = step.record({
      traces: () => this.#traces.map(({ trace }) => trace),
      carryOut: (recording) => this.#carryOut(step, recording),
      onInterrupt: (why) => {
        if (this.#strict) throw notCompiled(why);
        this.#reasons.add(why);
      },
    });
    for (const { then } of seen.parts) {
      if (then)
        this.#reasons.add(`plugin "${then.plugin}" runs between two graphs: it is declared not traceable`);
    }
    if (seen.parts.every(({ graph }) => graph)) {
      this.#counts.replayed += 1;
      this.#strangers = 0;
      const plan = step.plan(seen, this.#stepsPerCall);
      if (typeof plan === 'string') this.#reasons.add(`JavaScript runs at every step: ${plan}`);
      else this.#plans.set(layout, plan);
    } else {
      this.#counts.eager += 1;
      if (!seen.parts.some(({ recording }) => recording.opaque)) this.#strangers += 1;
    }
  }

  #carryOut(step: StepRecorder, recording: Recording): CompiledTrace | undefined {
    if (recording.opaque) return undefined;
    const compiled = this.#compiledFor(step, recording);
    return recording.putOff && this.#replay(step, recording, compiled) ? compiled : undefined;
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
    for (const [layout, plan] of this.#plans) if (plan.uses(compiled)) this.#plans.delete(layout);
  }
}

/** Why a step should not even be tried. */
function obstacleOf({ scope: { criteria } }: StepWork): string | undefined {
  const criterion = criteria.find(({ traceable }) => traceable === false);
  return criterion && `criterion "${criterion.type}" is declared not traceable`;
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
