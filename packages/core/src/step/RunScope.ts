import { type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Criterion } from '../criterion/Criterion.js';
import { type Hooks } from '../hooks/createHooks.js';
import { seedOfStep } from '../random/seededStudent.js';
import { type Run } from '../Run.js';
import { type Progress } from '../Schedule.js';
import { type TeacherOutputs } from '../teacher/TeacherSource.js';
import { type ContextObserver, type StepListener, type StepScope } from './StepScope.js';

/** The hooks that run inside a step. */
const INSIDE = ['onAfterComputeLoss', 'onBeforeOptimizerStep', 'onAfterOptimizerStep'] as const;

interface InnerTap extends Partial<StepListener> {
  readonly live?: () => boolean;
}

/** A manager's run, as step runners see it. */
export class RunScope implements StepScope {
  readonly #run: Run;
  readonly #hooks: Hooks;
  readonly #criteria: () => readonly Criterion[];

  constructor(run: Run, hooks: Hooks, criteria: () => readonly Criterion[]) {
    this.#run = run;
    this.#hooks = hooks;
    this.#criteria = criteria;
  }

  get progress(): Progress {
    return this.#run.progress;
  }

  get answers(): TeacherOutputs | undefined {
    return this.#run.answers;
  }

  get seed(): number {
    return seedOfStep(this.#run);
  }

  hear(outputs: TeacherOutputs): void {
    this.#run.hear(outputs);
  }

  get criteria(): readonly Criterion[] {
    return this.#criteria();
  }

  get listeners(): readonly StepListener[] {
    const taps = INSIDE.flatMap((hook) => this.#hooks[hook].taps as readonly InnerTap[]);
    const live = taps.filter((tap) => tap.live?.() ?? true);
    const listeners = live.map(({ name = '', traceable }) => ({ name, traceable }));
    // whoever traces hook calls wants to see each of them
    return this.#run.tracer ? [...listeners, { name: 'trace', traceable: undefined }] : listeners;
  }

  get losses(): Readonly<Record<string, Tensor>> {
    const { hasLoss, loss, parts } = this.#run;
    const terms = Object.entries(parts).map(([name, part]) => [name, part.tensor] as const);
    return Object.fromEntries(hasLoss ? [['loss', loss.tensor], ...terms] : terms);
  }

  report(losses: Readonly<Record<string, Scalar>>): void {
    this.#run.report(losses);
  }

  observe(observer: ContextObserver, body: () => void): void {
    this.#run.observer = observer;
    try {
      body();
    } finally {
      this.#run.observer = undefined;
    }
  }
}
