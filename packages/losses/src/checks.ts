import { type Tensor } from '@tensorflow/tfjs-core';
import { type ErrorDetails, expected, shapeMismatch } from '@tfjs-distill/core';

/** Refuses tensors of different shapes; object shorthand gives the message its names. */
export function assertSameShape(tensors: Readonly<Record<string, Tensor>>, details: ErrorDetails): void {
  const [first, ...rest] = Object.values(tensors);
  if (rest.every(({ shape }) => shape.join() === first?.shape.join())) return;
  const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  throw shapeMismatch('tensors of one shape', shapes, details);
}

/** Refuses numbers that are not finite and above 0; object shorthand gives the message its name. */
export function assertPositive(numbers: Readonly<Record<string, number>>, details: ErrorDetails): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!(Number.isFinite(value) && value > 0)) throw expected(name, 'a number above 0', value, details);
  }
}
