import { type InnerCall, type Knob, type StepWork } from '@tfjs-distill/core';
import { type CompiledTrace } from './CompiledTrace.js';
import { type Recording } from './Recording.js';
import { type Sink } from './stepEnds.js';

/** A stretch of a step that is one graph: up to a hook that has to be called, or to the end. */
export interface SeenPart {
  readonly recording: Recording;
  /** The graph that it ran as; `undefined` where it ran eagerly. */
  readonly graph: CompiledTrace | undefined;
  /** Who held each output at its end. `undefined` where variables were made, or given the data of others. */
  readonly sinks: readonly Sink[] | undefined;
  /** How often the optimizer counted in it. */
  readonly iterations: number;
  /** The gradients that the hook before it left, by name: ids as JavaScript knows them. */
  readonly takes: ReadonlyMap<string, number>;
  /** The hook that came next. */
  readonly then?: InnerCall | undefined;
  /** The gradients that it was given. */
  readonly gives: ReadonlyMap<string, number>;
}

/** What was seen of a step while it was recorded. */
export interface SeenStep {
  readonly work: StepWork;
  readonly parts: readonly SeenPart[];
  /** Numbers and schedules that were asked for. */
  readonly knobs: ReadonlySet<Knob>;
  /** What else was read of the context that changes from step to step. */
  readonly reads: ReadonlySet<string>;
}
