import { DistillError } from '@tfjs-distill/core';
import { type PortValues } from './ModelRuntime.js';

/**
 * The named outputs of a model's answer, in order, one row a sample.
 *
 * @param samples Rows to be there; more are cut off only where `padded`.
 * @throws DistillError `TEACHER` if one is missing, has another number of rows, or its values do not fill its shape.
 */
export function checkAnswer(
  answer: readonly PortValues[],
  wanted: readonly string[],
  samples: number,
  asked: number,
): readonly PortValues[] {
  return wanted.map((name) => {
    const output = answer.find((candidate) => candidate.name === name);
    if (output === undefined)
      throw nonsense(
        `Expected an output "${name}", got ${answer.map((port) => `"${port.name}"`).join(', ') || 'none'}.`,
      );
    const { shape, values } = output;
    if (shape[0] !== asked || shape.length < 2)
      throw nonsense(`Expected output "${name}" to be [${asked}, …], got [${shape.join(', ')}].`);
    const size = shape.reduce((product, length) => product * length, 1);
    if (values.length !== size)
      throw nonsense(
        `Expected ${size} values of output "${name}" [${shape.join(', ')}], got ${values.length}.`,
      );
    if (samples === asked) return output;
    const kept = Array.prototype.slice.call(values, 0, (size / asked) * samples) as number[];
    return { ...output, shape: [samples, ...shape.slice(1)], values: kept };
  });
}

const nonsense = (message: string): DistillError => new DistillError('TEACHER', message);
