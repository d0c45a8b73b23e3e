import { type Criterion, type LossContext, type PrepareContext } from '@tfjs-distill/core';
import { type Scalar } from '@tensorflow/tfjs-core';

/** A criterion under Keras's name. `Distiller` takes a list of them; so does `prepareCompression`. */
export abstract class DistillationLoss implements Criterion {
  readonly type: string;
  readonly #criterion: Criterion;

  protected constructor(type: string, criterion: Criterion) {
    this.type = type;
    this.#criterion = criterion;
  }

  get taps() {
    return this.#criterion.taps ?? {};
  }

  get requires() {
    return this.#criterion.requires ?? {};
  }

  get variables() {
    return this.#criterion.variables ?? [];
  }

  prepare(context: PrepareContext): void {
    this.#criterion.prepare?.(context);
  }

  compute(ctx: LossContext): Scalar {
    return this.#criterion.compute(ctx);
  }

  dispose(): void {
    this.#criterion.dispose?.();
  }
}
