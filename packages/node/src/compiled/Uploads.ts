import { type NativeBackend } from './binding.js';
import { type Derivation, derivationsOf, derived } from './derivedNumber.js';
import { type Draw, drawOf } from './drawnConstants.js';
import { type Constant, sameValues } from './Trace.js';

/** What a recorded step is compared by. */
export interface StepFacts {
  /** What the step's random numbers follow from. */
  readonly seed: number;
  /** The optimizer's learning rate, if it has one. */
  readonly learningRate: number | undefined;
  /** Values of the schedules that it asks for, in their order. */
  readonly knobs: readonly number[];
  /** Which part of the step it is: no two draw the same numbers. */
  readonly part: number;
}

/**
 * The numbers that JavaScript uploads in a step, and what was learned of them by comparing steps. One that was the same
 * in every step so far may be part of the graph. One that turns out to differ never is: it is drawn, where it was drawn
 * at random, else it is fed.
 */
export class Uploads {
  readonly #backend: NativeBackend;
  /** Those of the first step, which the graph is written of. */
  readonly #original: readonly Constant[];
  readonly #fed = new Set<number>();
  readonly #drawn = new Map<number, Draw>();
  /** Fed constants that have always followed from the step's numbers, and how they may do so. */
  readonly #derived = new Map<number, readonly Derivation[]>();
  readonly #first: StepFacts;
  /** What the last step uploaded. */
  #last: readonly Constant[];
  /** Whether that was what the step before it had uploaded. */
  #quiet = true;
  #compared = 0;
  #rateMoved = false;
  /** What the last step was. */
  #latest: StepFacts;
  /** Values of each schedule that were met. */
  readonly #met: Set<number>[] = [];

  constructor(backend: NativeBackend, constants: readonly Constant[], facts: StepFacts) {
    this.#backend = backend;
    this.#original = this.#last = constants;
    this.#first = this.#latest = facts;
    constants.forEach(({ values }, i) => {
      if (!ArrayBuffer.isView(values)) this.#fed.add(i);
    });
  }

  get fed(): ReadonlySet<number> {
    return this.#fed;
  }

  get drawn(): ReadonlyMap<number, Draw> {
    return this.#drawn;
  }

  /** Whether they are known for the next step, as long as nothing else changes. */
  get settled(): boolean {
    return this.#compared > 0 && this.#quiet;
  }

  /** Whether the learning rate has changed before our eyes: its constants are known then. */
  get knowsRate(): boolean {
    return this.#rateMoved;
  }

  /**
   * Whether they are known for these values of the schedules: each has changed before our eyes often enough, or not at
   * all, and there is no doubt what follows from them.
   */
  knows(knobs: readonly number[]): boolean {
    const before = this.#latest.knobs;
    const moved = before.flatMap((value, i) => (value === knobs[i] ? [] : [i]));
    const numbers = numbersOf({ ...this.#latest, knobs });
    const sure = (index: number) => {
      const [first, ...others] = (this.#derived.get(index) ?? []).map((each) => derived(each, numbers));
      return first !== undefined && others.every((other) => other === first);
    };
    return moved.length === 0 || (moved.every((i) => this.#isKnown(i)) && [...this.#fed].every(sure));
  }

  /**
   * Compares those of another step.
   *
   * @returns Whether one differs that was taken to be constant: a graph that holds it is stale.
   */
  compare(constants: readonly Constant[], facts: StepFacts): boolean {
    if (constants === this.#original) return false;
    let stale = false;
    this.#compared += 1;
    this.#quiet = true;
    this.#rateMoved ||= facts.learningRate !== this.#first.learningRate;
    this.#latest = facts;
    for (const { knobs } of [this.#first, facts]) {
      knobs.forEach((value, i) => (this.#met[i] ??= new Set()).add(value));
    }
    this.#original.forEach((constant, i) => {
      const now = constants[i] as Constant;
      if (this.#fed.has(i)) this.#checkDerived(i, now, facts);
      else if (!this.#drawn.has(i) && !sameValues(constant.values, now.values)) {
        this.#differs(i, now, facts);
        stale = true;
      }
      this.#quiet &&= !this.#fed.has(i) || this.#follows(i) || sameValues(this.#last[i]?.values, now.values);
    });
    this.#last = constants;
    return stale;
  }

  /** One of them for a step of which only the facts are given. Needs `settled`. */
  at(index: number, facts: StepFacts): Constant {
    const last = this.#last[index] as Constant;
    const [derivation] = this.#derived.get(index) ?? [];
    return derivation ? { ...last, values: Float32Array.of(derived(derivation, numbersOf(facts))) } : last;
  }

  /** Whether it is known how one follows from the step's numbers: proven by enough of their values. */
  #follows(index: number): boolean {
    const [derivation] = this.#derived.get(index) ?? [];
    return derivation?.factors.every(([number]) => number === RATE || this.#isKnown(number - 1)) ?? false;
  }

  #isKnown(knob: number): boolean {
    return (this.#met[knob]?.size ?? 0) >= ENOUGH;
  }

  #differs(index: number, now: Constant, facts: StepFacts): void {
    const draw = drawOf(this.#backend, now, facts.seed);
    if (draw) {
      this.#drawn.set(index, draw);
    } else {
      this.#fed.add(index);
      const first = this.#original[index] as Constant;
      this.#derived.set(index, derivationsFor(first, this.#first));
      this.#checkDerived(index, now, facts);
    }
  }

  #checkDerived(index: number, now: Constant, facts: StepFacts): void {
    const possible = this.#derived.get(index) ?? [];
    this.#derived.set(
      index,
      possible.filter((derivation) => isDerived(now, derivation, facts)),
    );
  }
}

/** Different values of the schedules that a derivation has to be right for. */
const ENOUGH = 4;

/** The learning rate's place among a step's numbers; the schedules' values follow. */
const RATE = 0;

function numbersOf({ learningRate = NaN, knobs }: StepFacts): readonly number[] {
  return [learningRate, ...knobs];
}

function derivationsFor({ values }: Constant, facts: StepFacts): readonly Derivation[] {
  return isNumber(values) ? derivationsOf(values[0] as number, numbersOf(facts)) : [];
}

function isDerived({ values }: Constant, derivation: Derivation, facts: StepFacts): boolean {
  return isNumber(values) && values[0] === derived(derivation, numbersOf(facts));
}

function isNumber(values: unknown): values is Float32Array {
  return values instanceof Float32Array && values.length === 1;
}
