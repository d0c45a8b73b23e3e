import { grad, randomNormal, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Criterion, type Shape } from '@tfjs-distill/core';
import { expect } from 'vitest';

/** Normal numbers by a seed. */
export const normal = (shape: number[], seed: number): Tensor => randomNormal(shape, 0, 1, 'float32', seed);

export async function numberOf(value: Scalar): Promise<number> {
  const [number = NaN] = await value.data();
  return number;
}

/** Value and gradient of a loss of one tensor. */
export async function valueAndGradient(loss: (x: Tensor) => Scalar, x: Tensor) {
  const gradient = await grad(loss)(x).data();
  return { value: await numberOf(loss(x)), gradient: [...gradient] };
}

/** Fused against composed: equal to 1e-6 of the largest number. */
export async function expectSame(
  a: (x: Tensor) => Scalar,
  b: (x: Tensor) => Scalar,
  x: Tensor,
): Promise<void> {
  const [ours, theirs] = [await valueAndGradient(a, x), await valueAndGradient(b, x)];
  expect(Math.abs(ours.value - theirs.value)).toBeLessThanOrEqual(1e-6 * Math.abs(theirs.value));
  const largest = Math.max(...theirs.gradient.map(Math.abs));
  const apart = Math.max(...theirs.gradient.map((value, i) => Math.abs(value - ours.gradient[i]!)));
  expect(largest).toBeGreaterThan(0);
  expect(apart).toBeLessThanOrEqual(2e-6 * largest);
}

/** A model that is nothing but its features' shapes. */
const side = (name: string, features: Readonly<Record<string, Shape>>) => ({ name, signature: { features } });

/** Prepares a criterion for layers of given shapes. */
export function prepare(
  criterion: Criterion,
  student: Readonly<Record<string, Shape>>,
  teacher: Readonly<Record<string, Shape>>,
): Criterion {
  criterion.prepare?.({
    student: side('student', student) as never,
    teacher: side('teacher', teacher) as never,
  });
  return criterion;
}
