import { concat, reshape, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';

/** Some tensors, each times a factor. */
export interface Weighted {
  readonly tensors: readonly Tensor[];
  readonly factor: number;
}

/** Tensors as one run of numbers, in memory that stays where it is from step to step. */
export class FlatTensors {
  #memory = new Float32Array(0);

  /**
   * The numbers of all tensors, one after the other, each times its factor.
   *
   * @returns Valid until the next call.
   */
  pack(groups: readonly Weighted[]): Float32Array {
    const length = groups.reduce((sum, { tensors }) => sum + sizeOf(tensors), 0);
    // a buffer of its own: numbers of small arrays may be moved by the garbage collector
    if (this.#memory.length !== length) this.#memory = new Float32Array(new ArrayBuffer(4 * length));
    let at = 0;
    for (const { tensors, factor } of groups) {
      if (tensors.length === 0) continue;
      const values = tidy(() => flat(tensors).dataSync<'float32'>());
      for (let i = 0; i < values.length; i++) this.#memory[at + i] = (values[i] ?? 0) * factor;
      at += values.length;
    }
    return this.#memory;
  }

  /**
   * The numbers in the shapes of some tensors.
   *
   * @param at Where the first one begins.
   * @returns Belong to the caller.
   */
  unpack(tensors: readonly Tensor[], at = 0): Tensor[] {
    let begin = at;
    return tensors.map(({ shape, size }) => {
      const values = this.#memory.slice(begin, (begin += size)); // an engine may keep what it is given
      return tensor(values, shape, 'float32');
    });
  }
}

/** Numbers in all of the tensors. */
export const sizeOf = (tensors: readonly Tensor[]): number =>
  tensors.reduce((sum, { size }) => sum + size, 0);

function flat(tensors: readonly Tensor[]): Tensor {
  const rows = tensors.map((one) => reshape(one, [one.size]));
  return rows.length === 1 ? (rows[0] as Tensor) : concat(rows);
}
