import { type Variable } from '@tensorflow/tfjs-core';
import { type PrepareContext } from '../criterion/Criterion.js';
import { DistillError } from '../errors.js';

/** Something that a criterion trains beside the student: an adapter, a regressor, an autoencoder. */
export interface TrainedPart {
  readonly variables: readonly Variable[];
  /** What it moves itself: running averages, a memory. */
  readonly state?: readonly Variable[];
  dispose(): void;
}

/**
 * The trained parts of one criterion: built once the models' shapes are known, before the optimizer's
 * first step; freed with the criterion.
 *
 * @example
 * const parts = new TrainedParts('fitnet', (context) => [createAdapter(…)]);
 * return {
 *   get variables() { return parts.variables; },
 *   prepare: (context) => parts.prepare(context),
 *   dispose: () => parts.dispose(),
 *   compute: (ctx) => … parts.at(0).apply(feature) …,
 * };
 */
export class TrainedParts<Part extends TrainedPart> {
  readonly #type: string;
  readonly #build: (context: PrepareContext) => Iterable<Part>;
  #parts: Part[] | undefined;

  /** @param build Makes the parts one by one: those made before an error are freed. */
  constructor(type: string, build: (context: PrepareContext) => Iterable<Part>) {
    this.#type = type;
    this.#build = build;
  }

  get variables(): readonly Variable[] {
    return (this.#parts ?? []).flatMap(({ variables }) => variables);
  }

  get state(): readonly Variable[] {
    return (this.#parts ?? []).flatMap(({ state = [] }) => state);
  }

  /** @throws DistillError if another manager has the criterion, or the shapes cannot be matched. */
  prepare(context: PrepareContext): void {
    if (this.#parts !== undefined) {
      throw new DistillError('ORDER', `Criterion "${this.#type}" is in use by another manager.`, {
        hint: 'Make a criterion for each manager: its adapters learn.',
      });
    }
    this.#parts = [];
    try {
      for (const part of this.#build(context)) this.#parts.push(part);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  at(index: number): Part {
    const part = this.#parts?.[index];
    if (part !== undefined) return part;
    throw new DistillError('ORDER', `Criterion "${this.#type}" computes before it was prepared.`, {
      hint: 'Give it to prepareCompression, or call its prepare({ student, teacher }) first.',
    });
  }

  dispose(): void {
    for (const part of this.#parts ?? []) part.dispose();
    this.#parts = undefined;
  }
}
