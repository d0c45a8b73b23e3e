import { DistillError } from '../errors.js';
import { eagerStepRunner } from './eagerStepRunner.js';
import { type StepReport, type StepRunner, type StepWork } from './StepRunner.js';

/** `auto`: compiled where the engine can; `eager`: kernel by kernel; `compiled`: an error where that cannot be. */
export const STEP_RUNNERS = ['auto', 'eager', 'compiled'] as const;
export type StepRunnerName = (typeof STEP_RUNNERS)[number];

export interface CompiledStepOptions {
  /** Whether a step that cannot be compiled is an error, and not run eagerly. */
  readonly strict: boolean;
  /** How many steps one call of the engine may run, where nobody looks in between. Default 1. */
  readonly stepsPerCall?: number;
}

/** A way to compile steps, as another package offers it. */
export interface StepCompiler {
  /** Whether TensorFlow.js's present backend can run compiled steps. */
  usable(): boolean;
  create(options: CompiledStepOptions): StepRunner;
}

let compiler: StepCompiler | undefined;

/** Offers a way to compile steps to every manager of this process; the native engines do it when they load. */
export function registerStepCompiler(offered: StepCompiler): void {
  compiler = offered;
}

/** The runner that an option's value stands for. */
export function chooseStepRunner(name: StepRunnerName = 'auto', stepsPerCall = 1): StepRunner {
  if (name === 'eager') return eagerStepRunner;
  if (name === 'auto') return new AutoStepRunner(stepsPerCall);
  if (compiler?.usable()) return compiler.create({ strict: true, stepsPerCall });
  throw new DistillError(
    'OPTION',
    'Expected `stepRunner` to be auto or eager here: no engine compiles steps.',
    {
      where: 'prepareCompression',
      hint: 'Load native TensorFlow first: `await selectEngine()` of @tfjs-distill/node, after `npx distill engine install`.',
    },
  );
}

/** Decides at the first step, when the engine is sure to be chosen. */
class AutoStepRunner implements StepRunner {
  readonly asksTeacher = true;
  readonly #stepsPerCall: number;
  #chosen: StepRunner | undefined;

  constructor(stepsPerCall: number) {
    this.#stepsPerCall = stepsPerCall;
  }

  run(work: StepWork): void | Promise<void> {
    this.#chosen ??= compiler?.usable()
      ? compiler.create({ strict: false, stepsPerCall: this.#stepsPerCall })
      : eagerStepRunner;
    return this.#chosen.run(work);
  }

  get report(): StepReport | undefined {
    return this.#chosen?.report;
  }

  dispose(): void {
    this.#chosen?.dispose?.();
    this.#chosen = undefined;
  }
}
