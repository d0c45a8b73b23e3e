import { DistillError } from './errors.js';

export type PhaseName = 'idle' | 'train' | 'epoch' | 'step';

/** Where in a training run we are. A hook fired out of order is an error, not a silent nothing. */
export class Phase {
  #name: PhaseName = 'idle';

  is(name: PhaseName): boolean {
    return this.#name === name;
  }

  expect(method: string, phase: PhaseName): void {
    if (this.#name === phase) return;
    throw new DistillError(
      'ORDER',
      `${method} was called ${WHERE[this.#name]}, and belongs ${WHERE[phase]}.`,
      {
        hint: 'Order: onTrainBegin, [onEpochBegin, [onStepBegin, onAfterComputeLoss, onBeforeOptimizerStep, onAfterOptimizerStep, onStepEnd], onEpochEnd], onTrainEnd.',
      },
    );
  }

  enter(method: string, from: PhaseName, to: PhaseName): void {
    this.expect(method, from);
    this.#name = to;
  }

  reset(): void {
    this.#name = 'idle';
  }
}

const WHERE: Readonly<Record<PhaseName, string>> = {
  idle: 'outside of training',
  train: 'between epochs',
  epoch: 'between steps',
  step: 'inside a step',
};
