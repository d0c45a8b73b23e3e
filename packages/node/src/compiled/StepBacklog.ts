import { type NativeTensor } from './binding.js';
import { type CompiledTrace } from './CompiledTrace.js';
import { type Backlog, type LazyBinding } from './LazyBinding.js';
import { type Layout } from './Trace.js';
import { type StepFacts } from './Uploads.js';

/** A step that is known in full and has not run. */
export interface WaitingStep {
  /** Ids of its inputs, as JavaScript knows them. */
  readonly ids: readonly number[];
  readonly facts: StepFacts;
  /** Placeholders of what it will give. */
  readonly outputs: readonly number[];
}

/**
 * Steps that wait until there are enough of them for one call, or until somebody needs what they give.
 * Until then their weights and losses are placeholders.
 */
export class StepBacklog implements Backlog {
  readonly #lazy: LazyBinding;
  readonly #compiled: CompiledTrace;
  readonly #size: number;
  /** Inputs that a step takes from the step before, and which of its outputs each is. */
  readonly #links: ReadonlyMap<number, number>;
  readonly #layouts: readonly Layout[];
  #waiting: WaitingStep[] = [];

  constructor(
    lazy: LazyBinding,
    compiled: CompiledTrace,
    { size, links }: { readonly size: number; readonly links: ReadonlyMap<number, number> },
  ) {
    this.#lazy = lazy;
    this.#compiled = compiled;
    this.#size = size;
    this.#links = links;
    this.#layouts = compiled.outputLayouts;
  }

  /** Adds a step. Call `runIfFull` when its outputs are where they belong. */
  push(ids: readonly number[], facts: StepFacts): NativeTensor[] {
    const last = this.#waiting.at(-1);
    const follows =
      last === undefined || [...this.#links].every(([input, output]) => ids[input] === last.outputs[output]);
    if (!follows) this.#lazy.catchUp();
    const tensors = this.#layouts.map(({ shape, dtype }) => ({
      id: this.#lazy.placeholder(),
      shape: shape as number[],
      dtype,
    }));
    const outputs = tensors.map(({ id }) => id);
    this.#waiting.push({ ids, facts, outputs });
    this.#lazy.putOff(this, { awaited: outputs, held: ids });
    return tensors;
  }

  runIfFull(): void {
    if (this.#waiting.length >= this.#size) this.#lazy.catchUp();
  }

  run(): void {
    const waiting = this.#waiting.splice(0);
    const between = waiting
      .slice(0, -1)
      .flatMap(({ outputs }) => [...this.#links.values()].map((i) => outputs[i]));
    // somebody who kept the weights between two steps wants just those
    const whole = waiting.length === this.#size && !between.some((id) => this.#lazy.isAwaited(id as number));
    if (whole) {
      const real = (id: number) => this.#lazy.real(id);
      for (const { place, tensor } of this.#compiled.runChain(waiting, this.#links, real)) {
        this.#lazy.arrive(waiting[place.copy]?.outputs[place.index] as number, tensor);
      }
    } else {
      this.#runOneByOne(waiting);
    }
  }

  #runOneByOne(waiting: readonly WaitingStep[]): void {
    const made = new Map<number, NativeTensor>();
    for (const { ids, facts, outputs } of waiting) {
      const inputs = ids.map((id) => made.get(id)?.id ?? this.#lazy.real(id));
      this.#compiled.run(inputs, facts).forEach((tensor, i) => made.set(outputs[i] as number, tensor));
    }
    for (const [placeholder, tensor] of made) this.#lazy.arrive(placeholder, tensor);
  }
}
