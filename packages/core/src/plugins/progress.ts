import { type Plugin } from '../hooks/Plugin.js';

/** How far a training has come; what a bar shows. */
export interface TrainingProgress {
  /** Steps done in all. */
  readonly step: number;
  /** Steps in all; `undefined` where the data set does not say how long it is. */
  readonly steps: number | undefined;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number | undefined;
  /** Steps a second since this process began to train; resumed steps do not count. */
  readonly rate: number;
  /** Seconds left at this rate; `undefined` where the end is unknown. */
  readonly secondsLeft: number | undefined;
}

/** What is told of the progress: a bar, a page, a log. */
export interface ProgressListener {
  begin?(): void;
  update(progress: TrainingProgress): void;
  /** Also after an error; may come twice. */
  end?(): void;
}

export interface ProgressState {
  readonly step: number;
  readonly epoch: number;
  readonly epochs: number | undefined;
  readonly stepsPerEpoch: number | undefined;
  /** Steps that this process has done, and the seconds they took. */
  readonly done: number;
  readonly seconds: number;
}

/**
 * Rate and time left of a training.
 *
 * @example
 * progressOf({ step: 20, epoch: 1, epochs: 2, stepsPerEpoch: 20, done: 10, seconds: 5 });
 * // { rate: 2, secondsLeft: 10, steps: 40, … }
 */
export function progressOf(state: ProgressState): TrainingProgress {
  const { step, epoch, epochs, stepsPerEpoch, done, seconds } = state;
  const steps = epochs !== undefined && stepsPerEpoch !== undefined ? epochs * stepsPerEpoch : undefined;
  const rate = seconds > 0 ? done / seconds : 0;
  const secondsLeft = steps === undefined || rate === 0 ? undefined : Math.max(0, steps - step) / rate;
  return { step, steps, epoch, epochs, rate, secondsLeft };
}

export interface ProgressOptions {
  /** Least milliseconds between two updates. Default 100. */
  readonly every?: number;
}

/** Tells a listener how far the training has come. For the terminal's bar see the node package. */
export function progress(listener: ProgressListener, { every = 100 }: ProgressOptions = {}): Plugin {
  let began = 0;
  let first = 0;
  let told = 0;
  const end = () => listener.end?.();
  return {
    name: 'progress',
    onTrainBegin: () => {
      began = 0;
      listener.begin?.();
    },
    onStepBegin: ({ globalStep }) => {
      if (began > 0) return;
      began = performance.now();
      first = globalStep;
    },
    onStepEnd: {
      order: 'observer',
      handler: ({ globalStep, epoch, epochs, stepsPerEpoch }) => {
        const now = performance.now();
        const step = globalStep + 1;
        const isLast = epochs !== undefined && stepsPerEpoch !== undefined && step >= epochs * stepsPerEpoch;
        if (now - told < every && !isLast) return;
        told = now;
        const seconds = (now - began) / 1000;
        listener.update(
          progressOf({ step, epoch: epoch + 1, epochs, stepsPerEpoch, done: step - first, seconds }),
        );
      },
    },
    onTrainEnd: { order: 'observer', handler: end },
    onError: end,
    dispose: end,
  };
}
