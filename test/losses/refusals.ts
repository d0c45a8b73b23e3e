import { randomNormal, type Scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { type Criterion } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';

/** A loss as a function of both sides' logits, everything else given. */
type Loss = (teacher: Tensor, student: Tensor, weights?: Tensor) => Scalar;

const logits = (...shape: number[]) => randomNormal(shape, 0, 1, 'float32', 1);

/**
 * Bad input that every loss on logits has to name: shapes, weights, and its criterion's options.
 *
 * @param wrongOptions Options of the criterion with what their message says.
 */
export function describeRefusals(
  name: string,
  loss: Loss,
  factory: (options?: never) => Criterion,
  wrongOptions: readonly (readonly [options: object, message: RegExp])[],
): void {
  describe(`${name}, given what does not fit,`, () => {
    it('names both shapes when they differ', () => {
      expect(() => loss(logits(2, 3), logits(2, 4))).toThrow(
        `${name}: Expected tensors of one shape, got \`teacherLogits\` [2, 3] and \`studentLogits\` [2, 4].`,
      );
    });

    it('names the shapes of weights that do not fit', () => {
      expect(() => loss(logits(2, 3), logits(2, 3), tensor1d([1, 1, 1]))).toThrow(
        `${name}: Expected weights that fit the logits, got \`weights\` [3] and \`teacherLogits\` [2, 3].`,
      );
    });

    it.each([...wrongOptions, [{ wieght: 1 }, /Unknown option "wieght". Did you mean "weight"/] as const])(
      'refuses options %j',
      (options, message) => {
        expect(() => factory(options as never)).toThrow(message);
      },
    );
  });
}
