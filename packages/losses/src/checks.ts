import { type Tensor } from '@tensorflow/tfjs-core';
import { type ErrorDetails, expected, shapeMismatch } from '@tfjs-distill/core';

/** Refuses tensors of different shapes; object shorthand gives the message its names. */
export function assertSameShape(tensors: Readonly<Record<string, Tensor>>, details: ErrorDetails): void {
  assertTensors(tensors, details);
  const [first, ...rest] = Object.values(tensors);
  if (rest.every(({ shape }) => shape.join() === first?.shape.join())) return;
  const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  throw shapeMismatch('tensors of one shape', shapes, details);
}

/** Refuses what is no tensor; object shorthand gives the message its names. */
export function assertTensors(tensors: Readonly<Record<string, unknown>>, details: ErrorDetails): void {
  for (const [name, value] of Object.entries(tensors)) {
    // not instanceof: a second copy of tfjs-core has a class of its own
    if ((value as Partial<Tensor> | undefined)?.dataId === undefined)
      throw expected(name, 'a tensor', value, details);
  }
}

/** Refuses logits of two models that do not speak of the same classes, and weights that fit neither. */
export function assertLogits(
  logits: Readonly<Record<string, Tensor>>,
  weights: Tensor | undefined,
  where: string,
): void {
  assertSameShape(logits, { where, hint: 'Give both models the same classes in the same order.' });
  const [[name, { shape }] = ['logits', { shape: [] }]] = Object.entries(logits);
  if (shape.length === 0) throw expected(name, 'a tensor […batch, classes]', 'a scalar', { where });
  if (weights === undefined || weights.shape.join() === shape.slice(0, -1).join()) return;
  const hint = 'Give one weight per sample or position: the shape of the logits without the classes.';
  throw shapeMismatch(
    'weights that fit the logits',
    { weights: weights.shape, [name]: shape },
    { where, hint },
  );
}

/** Refuses numbers that are not finite and above 0; object shorthand gives the message its name. */
export function assertPositive(numbers: Readonly<Record<string, number>>, details: ErrorDetails): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!(Number.isFinite(value) && value > 0)) throw expected(name, 'a number above 0', value, details);
  }
}

/** Refuses numbers outside of a closed range; object shorthand gives the message its name. */
export function assertBetween(
  numbers: Readonly<Record<string, number>>,
  [low, high]: readonly [number, number],
  details: ErrorDetails,
): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!(value >= low && value <= high)) {
      throw expected(name, `a number from ${low} to ${high}`, value, details);
    }
  }
}

/** Refuses methods for several classes where there are too few. */
export function assertClasses(logits: Tensor, least: number, details: ErrorDetails): void {
  const classes = logits.shape.at(-1) ?? 0;
  if (classes < least) throw expected('classes', `at least ${least}`, classes, details);
}
