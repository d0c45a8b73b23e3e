import { type Optimizer, type Variable } from '@tensorflow/tfjs-core';
import { type Knob, learningRateOf, type Schedule, type StepScope, type StepWork } from '@tfjs-distill/core';
import { type SeenStep } from './SeenStep.js';

/** All that a plan takes for granted. */
export interface StepConditions {
  readonly epoch: number;
  readonly globalStep: number;
  readonly parts: readonly unknown[];
  readonly schedules: readonly Schedule[];
  /** Their values. */
  readonly knobs: readonly number[];
  readonly learningRate: number | undefined;
}

export function conditionsOf({ work, knobs }: SeenStep): StepConditions {
  const schedules = schedulesOf(knobs);
  return {
    epoch: work.scope.progress.epoch,
    globalStep: work.scope.progress.globalStep,
    parts: partsOf(work),
    schedules,
    knobs: knobValues(schedules, work.scope),
    learningRate: learningRateOf(work.optimizer),
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

export function schedulesOf(knobs: ReadonlySet<Knob>): Schedule[] {
  return [...knobs].filter((knob) => typeof knob === 'function');
}

export function knobValues(schedules: readonly Schedule[], { progress }: StepScope): number[] {
  return schedules.map((schedule) => schedule(progress));
}

/** Which numbers are fed to the graphs of a plan, so that they may be others. */
export interface FedNumbers {
  readonly rate: boolean;
  /** Whether the values of the schedules may be these. */
  knobs(values: readonly number[]): boolean;
}

/** Whether a step is what the plan was made for. */
export function conditionsHold(then: StepConditions, work: StepWork, fed: FedNumbers): boolean {
  const { epoch, globalStep } = work.scope.progress;
  return (
    // the first step of an epoch, and of another training, is compared anew
    then.epoch === epoch &&
    then.globalStep < globalStep &&
    sameList(then.parts, partsOf(work)) &&
    knobsHold(then, work.scope, fed) &&
    (then.learningRate === learningRateOf(work.optimizer) || fed.rate)
  );
}

function knobsHold({ knobs, schedules }: StepConditions, scope: StepScope, fed: FedNumbers): boolean {
  const now = knobValues(schedules, scope);
  if (sameList(knobs, now)) return true;
  const declared = scope.criteria.every(({ traceable }) => traceable === true);
  return declared && [...knobs, ...now].every(isPlain) && fed.knobs(now);
}

/** At other values a term may be left out, a division be spared, or the value be an error. */
function isPlain(value: number): boolean {
  return Number.isFinite(value) && value > 0 && value !== 1;
}

/** Whether two lists hold the same, in the same order. */
export function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
