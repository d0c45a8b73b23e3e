// A teacher that takes its time, so that a worker is killed in the middle of a shard; DELAY milliseconds a batch.
import { setTimeout as pause } from 'node:timers/promises';
import { matMul, tanh, tensor2d, tidy } from '@tensorflow/tfjs-core';

const weights = Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));

export default async function answer(x) {
  await pause(Number(process.env.DELAY ?? 20));
  return tidy(() => tanh(matMul(x, tensor2d(weights, [4, 3]))));
}
