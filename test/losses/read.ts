import { type Scalar, type Tensor, variable, variableGrads } from '@tensorflow/tfjs-core';

/** All numbers of a tensor. */
export async function numbers(tensor: Tensor): Promise<number[]> {
  return [...(await tensor.data())];
}

/** The number that a scalar is. */
export async function number(scalar: Tensor): Promise<number> {
  const [value = NaN] = await scalar.data();
  return value;
}

/** Value and gradient of a scalar function at one point. */
export async function gradientOf(
  f: (x: Tensor) => Scalar,
  at: Tensor,
): Promise<{ value: number; gradient: number[] }> {
  const x = variable(at);
  try {
    const { value, grads } = variableGrads(() => f(x), [x]);
    return { value: await number(value), gradient: await numbers(grads[x.name]!) };
  } finally {
    x.dispose();
  }
}

/** How far apart two lists of numbers are, relative to the largest of the second. */
export function distance(got: readonly number[], wanted: readonly number[]): number {
  const scale = Math.max(...wanted.map(Math.abs), Number.MIN_VALUE);
  return Math.max(...wanted.map((value, i) => Math.abs((got[i] ?? NaN) - value))) / scale;
}
