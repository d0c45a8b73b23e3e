import { type NativeBackend } from './binding.js';
import { type Draw, drawOf } from './drawnConstants.js';
import { type Constant, sameValues } from './Trace.js';

/** What a recorded step is compared by. */
export interface StepFacts {
  /** What the step's random numbers follow from. */
  readonly seed: number;
  /** The optimizer's learning rate, if it has one. */
  readonly learningRate: number | undefined;
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
  /** Fed constants that have always been the learning rate, or its negative. */
  readonly #rates = new Map<number, 1 | -1>();
  readonly #first: StepFacts;
  /** What the last step uploaded. */
  #last: readonly Constant[];
  /** Whether that was what the step before it had uploaded. */
  #quiet = true;
  #compared = 0;
  #rateMoved = false;

  constructor(backend: NativeBackend, constants: readonly Constant[], facts: StepFacts) {
    this.#backend = backend;
    this.#original = this.#last = constants;
    this.#first = facts;
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
    this.#original.forEach((constant, i) => {
      const now = constants[i] as Constant;
      if (this.#fed.has(i)) this.#checkRate(i, now, facts);
      else if (!this.#drawn.has(i) && !sameValues(constant.values, now.values)) {
        this.#differs(i, now, facts);
        stale = true;
      }
      this.#quiet &&=
        !this.#fed.has(i) || this.#rates.has(i) || sameValues(this.#last[i]?.values, now.values);
    });
    this.#last = constants;
    return stale;
  }

  /** One of them for a step of which only the facts are given. Needs `settled`. */
  at(index: number, { learningRate = 0 }: StepFacts): Constant {
    const last = this.#last[index] as Constant;
    const sign = this.#rates.get(index);
    return sign === undefined ? last : { ...last, values: Float32Array.of(sign * learningRate) };
  }

  #differs(index: number, now: Constant, facts: StepFacts): void {
    const draw = drawOf(this.#backend, now, facts.seed);
    if (draw) {
      this.#drawn.set(index, draw);
    } else {
      this.#fed.add(index);
      const first = this.#original[index] as Constant;
      const sign = signOf(first, this.#first.learningRate);
      if (sign) this.#rates.set(index, sign);
      this.#checkRate(index, now, facts);
    }
  }

  #checkRate(index: number, now: Constant, { learningRate }: StepFacts): void {
    if (this.#rates.get(index) !== signOf(now, learningRate)) this.#rates.delete(index);
  }
}

/** 1 if a scalar is the learning rate, −1 if it is its negative. */
function signOf({ values }: Constant, learningRate: number | undefined): 1 | -1 | undefined {
  if (learningRate === undefined || !(values instanceof Float32Array) || values.length !== 1)
    return undefined;
  const rate = Math.fround(learningRate);
  return values[0] === rate ? 1 : values[0] === -rate ? -1 : undefined;
}
