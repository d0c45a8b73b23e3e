import {
  AdadeltaOptimizer,
  AdagradOptimizer,
  AdamaxOptimizer,
  AdamOptimizer,
  MomentumOptimizer,
  RMSPropOptimizer,
  SGDOptimizer,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { applyGradients, type InnerCall, type StepWork } from '@tfjs-distill/core';
import { type NativeBackend } from './binding.js';
import { type CompiledTrace } from './CompiledTrace.js';
import { type LazyBinding } from './LazyBinding.js';
import { PartPlan, type StepSoFar } from './PartPlan.js';
import { type SeenStep } from './SeenStep.js';
import { conditionsHold, conditionsOf, knobValues, sameList, type StepConditions } from './StepConditions.js';
import { gradientKey } from './stepRoles.js';

/** Optimizers whose step is tensors and one count. */
const PURE_OPTIMIZERS: readonly unknown[] = [
  AdadeltaOptimizer,
  AdagradOptimizer,
  AdamaxOptimizer,
  AdamOptimizer,
  MomentumOptimizer,
  RMSPropOptimizer,
  SGDOptimizer,
];

/**
 * How to run a step without its JavaScript: its graphs, the hooks that are called between them, and all that
 * has to be as it was when the plan was made.
 */
export class StepPlan {
  readonly #parts: readonly PartPlan[];
  readonly #conditions: StepConditions;

  /** @returns A plan, or in one phrase why the step needs its JavaScript at every step. */
  static make(
    backend: NativeBackend,
    lazy: LazyBinding,
    seen: SeenStep,
    stepsPerCall: number,
  ): StepPlan | string {
    const obstacle = obstacleOf(seen);
    if (obstacle !== undefined) return obstacle;
    const size = seen.parts.length > 1 ? 1 : stepsPerCall;
    const parts = seen.parts.map((_, index) => PartPlan.make(backend, lazy, seen.parts, { index, size }));
    const missing = parts.find((part) => typeof part === 'string');
    return missing ?? new StepPlan(parts as PartPlan[], conditionsOf(seen));
  }

  private constructor(parts: readonly PartPlan[], conditions: StepConditions) {
    this.#parts = parts;
    this.#conditions = conditions;
  }

  /** Whether a graph is one of its own. */
  uses(graph: CompiledTrace): boolean {
    return this.#parts.some((part) => part.graph === graph);
  }

  /** Whether a step may go by this plan. */
  fits(work: StepWork): boolean {
    const fed = {
      rate: this.#parts.every(({ graph }) => graph.uploads.knowsRate),
      knobs: (values: readonly number[]) => this.#parts.every(({ graph }) => graph.uploads.knows(values)),
    };
    return conditionsHold(this.#conditions, work, fed) && this.#parts.every(({ ready }) => ready);
  }

  /** Runs its graphs, one after the other, and the hooks in between. */
  run(work: StepWork, passing: ReadonlyMap<string, Tensor>): void {
    const knobs = knobValues(this.#conditions.schedules, work.scope);
    const soFar: StepSoFar = { passing: new Map(passing), made: [], knobs };
    tidy(() => {
      for (const [index, part] of this.#parts.entries()) {
        part.run(work, soFar);
        if (part.then && !this.#goesOn(work, soFar, part.then, index)) return;
      }
    });
  }

  /** Calls a hook. @returns False where it leaves other gradients than the next part is for: then the step is done. */
  #goesOn(work: StepWork, soFar: StepSoFar, call: InnerCall, index: number): boolean {
    if (call.hook !== 'onBeforeOptimizerStep') {
      work.scope.call(call, undefined);
      return true;
    }
    const left = work.scope.call(call, (this.#parts[index] as PartPlan).gradients(soFar));
    if (!sameList(Object.keys(left), (this.#parts[index + 1] as PartPlan).takes)) {
      applyGradients(work, work.scope.callRest(call, left));
      return false;
    }
    for (const [name, gradient] of Object.entries(left)) soFar.passing.set(gradientKey(name), gradient);
    return true;
  }
}

/** In one phrase, why no plan can stand for a step. */
function obstacleOf({ work, reads, parts }: SeenStep): string | undefined {
  const listener = work.scope.listeners.find(({ traceable }) => traceable === undefined);
  if (listener) return `plugin "${listener.name}" is not declared traceable`;
  const inTape = parts.find(({ then }) => then?.hook === 'onAfterComputeLoss')?.then;
  if (inTape) return `gradients go through plugin "${inTape.plugin}", which is not declared traceable`;
  const changing = [...reads].filter((read) => read !== 'epoch'); // of which the conditions take care
  if (changing.length > 0) return `a criterion reads ${changing.join(', ')}`;
  if (parts.some(({ recording }) => recording.looked)) return 'a criterion or hook looks at values';
  if (!PURE_OPTIMIZERS.includes(work.optimizer.constructor)) return 'the optimizer is not one of tf.train';
  const reported = new Set(parts.flatMap(({ sinks = [] }) => sinks.flatMap(({ losses }) => losses)));
  if (!Object.keys(work.scope.losses).every((name) => reported.has(name)))
    return 'a loss is reported that no graph gives';
  const settled = parts.every(({ graph }) => graph?.uploads.settled);
  return settled ? undefined : 'numbers that JavaScript uploads differ from step to step';
}
