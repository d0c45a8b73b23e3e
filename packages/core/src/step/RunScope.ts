import { type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Criterion } from '../criterion/Criterion.js';
import { type Hooks } from '../hooks/createHooks.js';
import { seedOfStep } from '../random/seededStudent.js';
import { type Run } from '../Run.js';
import { type Progress } from '../Schedule.js';
import { type TeacherOutputs } from '../teacher/TeacherSource.js';
import {
  type ContextObserver,
  type InnerCall,
  type InnerHook,
  type StepListener,
  type StepScope,
} from './StepScope.js';

const INSIDE: readonly InnerHook[] = ['onAfterComputeLoss', 'onBeforeOptimizerStep', 'onAfterOptimizerStep'];

interface InnerTap extends Partial<StepListener> {
  readonly live?: () => boolean;
  readonly fn: (...args: unknown[]) => unknown;
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
    const taps = INSIDE.flatMap((hook) => this.#taps(hook));
    const listeners = taps.map(({ name = '', traceable }) => ({ name, traceable }));
    // whoever traces hook calls wants to see each of them
    return this.#run.tracer ? [...listeners, { name: 'trace', traceable: undefined }] : listeners;
  }

  get losses(): Readonly<Record<string, Tensor>> {
    const run = this.#run; // asked for its loss before there is one, it throws
    const terms = Object.entries(run.parts).map(([name, part]) => [name, part.tensor] as const);
    return Object.fromEntries(run.hasLoss ? [['loss', run.loss.tensor], ...terms] : terms);
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

  call<T>({ hook, plugin }: InnerCall, value: T): T {
    return this.#through(
      this.#taps(hook).filter(({ name }) => name === plugin),
      value,
    );
  }

  callRest<T>({ hook, plugin }: InnerCall, value: T): T {
    const taps = this.#taps(hook);
    return this.#through(taps.slice(taps.findIndex(({ name }) => name === plugin) + 1), value);
  }

  /** The guard has made every tap of a hook with a value return one. */
  #through<T>(taps: readonly InnerTap[], value: T): T {
    const args = (current: T) => (current === undefined ? [this.#run] : [current, this.#run]);
    return taps.reduce((current, { fn }) => fn(...args(current)) as T, value);
  }

  #taps(hook: InnerHook): InnerTap[] {
    const taps = this.#hooks[hook].taps as unknown as InnerTap[];
    return taps.filter((tap) => tap.live?.() ?? true);
  }
}
