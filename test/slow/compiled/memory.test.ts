import { engine, mul, randomNormal, type Tensor, variable } from '@tensorflow/tfjs-core';
import { compileForward } from '@tfjs-distill/node/compiled';
import { expect, it } from 'vitest';
import { nativeBackend } from '../../../packages/node/src/compiled/binding.js';

const NATIVE = engine().backendName === 'tensorflow';
const MEGABYTE = 2 ** 20;

it.runIf(NATIVE)('a thousand graphs do not grow memory', () => {
  const x = randomNormal([64, 64]);
  const weight = variable(randomNormal([64, 64]));
  const { binding } = nativeBackend()!;
  const recompile = () => {
    const factor = Math.random(); // another graph each time
    const compiled = compileForward(([input]) => [mul(mul(input as Tensor, weight), factor)]);
    for (let call = 0; call < 3; call++) for (const result of compiled.run([x])) result.dispose();
    compiled.dispose();
  };
  for (let i = 0; i < 200; i++) recompile();
  const [before, sessions] = [process.memoryUsage.rss(), binding.getNumOfSavedModels()];
  for (let i = 0; i < 1000; i++) recompile();
  expect(binding.getNumOfSavedModels()).toBe(sessions);
  weight.dispose();
  expect(process.memoryUsage.rss() - before).toBeLessThan(30 * MEGABYTE);
});
