import { dispose, keep, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { shareTensor } from '../shareTensor.js';

/**
 * The values of some variables at one time. They share the variables' data until those move on, so taking one
 * costs no kernel.
 */
export class Snapshot {
  readonly #variables: readonly Variable[];
  /** In the variables' order; owned by the snapshot. */
  readonly values: readonly Tensor[];

  /** @param values What to hold in place of what the variables hold; stay the caller's. */
  constructor(variables: readonly Variable[], values: readonly Tensor[] = variables) {
    this.#variables = variables;
    this.values = variables.map((_, i) => keep(shareTensor(values[i] as Tensor)));
  }

  /** Puts the values back. The snapshot stays usable. */
  restore(): void {
    this.#variables.forEach((variable, i) => variable.assign(this.values[i] as Tensor));
  }

  dispose(): void {
    dispose([...this.values]);
  }
}
