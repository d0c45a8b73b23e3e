import { type Optimizer, train, type Variable } from '@tensorflow/tfjs-core';
import { type Criterion } from '../criterion/Criterion.js';

/** Names of the layers that are tapped on both sides. */
export interface Tapped {
  readonly student: readonly string[];
  readonly teacher: readonly string[];
}

export interface StageParts {
  readonly criteria: readonly Criterion[];
  /** Passes over the data; the last stage goes on for as long as the training does. Default: endless. */
  readonly epochs?: number | undefined;
  /** What it trains, read before each step. */
  readonly trained: () => readonly Variable[];
  /** Default Adam at 1e-3, made when first needed. The stage takes it over. */
  readonly optimizer?: Optimizer | undefined;
}

/**
 * A part of a training: what is minimized for how long, and what is trained by it.
 *
 * Each has its own optimizer: those of TensorFlow.js keep their moments by a variable's place in the
 * list, so that another set of variables would get another's moments.
 */
export class Stage {
  readonly criteria: readonly Criterion[];
  readonly epochs: number | undefined;
  readonly taps: Tapped;
  readonly #trained: () => readonly Variable[];
  #optimizer: Optimizer | undefined;

  constructor({ criteria, epochs, trained, optimizer }: StageParts) {
    this.criteria = criteria;
    this.epochs = epochs;
    this.taps = { student: tapped(criteria, 'student'), teacher: tapped(criteria, 'teacher') };
    this.#trained = trained;
    this.#optimizer = optimizer;
  }

  get variables(): readonly Variable[] {
    return this.#trained();
  }

  get optimizer(): Optimizer {
    this.#optimizer ??= train.adam(1e-3);
    return this.#optimizer;
  }

  get hasOptimizer(): boolean {
    return this.#optimizer !== undefined;
  }

  /** Frees the optimizer; the criteria may belong to another stage too. */
  dispose(): void {
    this.#optimizer?.dispose();
    this.#optimizer = undefined;
  }
}

function tapped(criteria: readonly Criterion[], side: 'student' | 'teacher'): readonly string[] {
  return [...new Set(criteria.flatMap(({ taps }) => taps?.[side] ?? []))];
}
