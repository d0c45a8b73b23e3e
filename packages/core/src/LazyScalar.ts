import { keep, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { DistillError } from './errors.js';

/**
 * A number that stays on the device until someone asks.
 *
 * Reading back stalls a GPU, so a step that nobody watches should never read. Ask while the step
 * lasts (in `onStepEnd`); later the tensor is gone, but a value asked for in time stays.
 */
export class LazyScalar {
  #tensor: Tensor | undefined;
  #value: Promise<number> | undefined;

  /** Takes the tensor over: `dispose` frees it. */
  constructor(tensor: Scalar) {
    this.#tensor = keep(tensor);
  }

  /** The number. Copied from the device once, at the first call. */
  value(): Promise<number> {
    this.#value ??= this.#read();
    return this.#value;
  }

  /** The tensor itself, owned by this object: for sums that should stay on the device. */
  get tensor(): Scalar {
    if (this.#tensor === undefined) throw tooLate();
    return this.#tensor as Scalar;
  }

  dispose(): void {
    this.#tensor?.dispose();
    this.#tensor = undefined;
  }

  async #read(): Promise<number> {
    const [value = NaN] = await this.tensor.data();
    return value;
  }
}

function tooLate(): DistillError {
  return new DistillError('ORDER', 'The step is over and its losses are gone.', {
    where: 'LazyScalar',
    hint: 'Call `value()` in `onStepEnd`.',
  });
}
