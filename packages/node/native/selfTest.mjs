/**
 * Proves in a process of its own that a native engine does what training needs.
 *
 * node selfTest.mjs DIRECTORY PACKAGE SCRATCH → one line of JSON: { tensorflow, backend, milliseconds }
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { loadTfjsNode } from './loadTfjsNode.mjs';

const [directory, packageName, scratch] = process.argv.slice(2);
const start = performance.now();
loadTfjsNode(directory, packageName);
const tf = createRequire(import.meta.url)('@tensorflow/tfjs-core');

async function check(what, tensor, wanted) {
  const got = Array.from(await tensor.data());
  const near = got.length === wanted.length && got.every((value, i) => Math.abs(value - wanted[i]) < 1e-4);
  if (!near) throw new Error(`${what} gave [${got.join(', ')}], expected [${wanted.join(', ')}]`);
}

if (tf.getBackend() !== 'tensorflow') throw new Error(`the backend is ${tf.getBackend()}, not tensorflow`);

const square = tf.tensor2d([1, 2, 3, 4], [2, 2]);
await check('matMul', tf.matMul(square, square), [7, 10, 15, 22]);

// y = sum(x ⊛ w): the filter's gradient sums x under each of the four kernel positions
const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
const filterGradient = tf.grad((w) => tf.sum(tf.conv2d(image, w, 1, 'valid')));
await check('the gradient of conv2d', filterGradient(tf.ones([2, 2, 1, 1])), [12, 16, 24, 28]);

const file = path.join(scratch, 'weights.bin');
const saved = await tf.io.encodeWeights({ square });
writeFileSync(file, new Uint8Array(saved.data));
const bytes = new Uint8Array(readFileSync(file));
const loaded = tf.io.decodeWeights(bytes.buffer, saved.specs);
await check('save and load', loaded.square, [1, 2, 3, 4]);

const { binding } = tf.backend();
process.stdout.write(
  JSON.stringify({
    tensorflow: binding.TF_Version,
    gpu: binding.isUsingGpuDevice(),
    milliseconds: Math.round(performance.now() - start),
  }) + '\n',
);
