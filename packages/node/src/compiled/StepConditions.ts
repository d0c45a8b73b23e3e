import { type Optimizer, type Variable } from '@tensorflow/tfjs-core';
import { type Knob, learningRateOf, type StepScope, type StepWork } from '@tfjs-distill/core';
import { type SeenStep } from './SeenStep.js';

/** All that a plan takes for granted. */
export interface StepConditions {
  readonly epoch: number;
  readonly globalStep: number;
  readonly parts: readonly unknown[];
  readonly schedules: readonly Knob[];
  readonly knobs: readonly unknown[];
  readonly learningRate: number | undefined;
}

export function conditionsOf({ work, knobs }: SeenStep): StepConditions {
  const schedules = [...knobs].filter((knob) => typeof knob === 'function');
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

function knobValues(schedules: readonly Knob[], { progress }: StepScope): unknown[] {
  return schedules.map((knob) => (typeof knob === 'function' ? knob(progress) : knob));
}

/** Whether a step is what the plan was made for. */
export function conditionsHold(then: StepConditions, work: StepWork, rateMayMove: boolean): boolean {
  const { epoch, globalStep } = work.scope.progress;
  return (
    // the first step of an epoch, and of another training, is compared anew
    then.epoch === epoch &&
    then.globalStep < globalStep &&
    sameList(then.parts, partsOf(work)) &&
    sameList(then.knobs, knobValues(then.schedules, work.scope)) &&
    (then.learningRate === learningRateOf(work.optimizer) || rateMayMove)
  );
}

/** Whether two lists hold the same, in the same order. */
export function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
