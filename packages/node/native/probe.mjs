/**
 * Loads one native binding and multiplies two matrices, in a process of its own: a library that does not fit this
 * machine (another glibc, AVX missing) kills the process, and no `try` catches that.
 *
 * node probe.mjs BINDING → one line of JSON on standard output: { tensorflow, gpu }
 */
import { createRequire } from 'node:module';

const FLOAT = 1; // TF_FLOAT

const tf = createRequire(import.meta.url)(process.argv[2]);
const type = (value) => ({ name: 'T', type: tf.TF_ATTR_TYPE, value });
const flag = (name) => ({ name, type: tf.TF_ATTR_BOOL, value: false });

const square = tf.createTensor([2, 2], FLOAT, new Float32Array([1, 2, 3, 4]));
const attributes = [type(FLOAT), flag('transpose_a'), flag('transpose_b')];
const [product] = tf.executeOp('MatMul', attributes, [square, square], 1);
const values = Array.from(tf.tensorDataSync(product.id));
if (values.join() !== '7,10,15,22') throw new Error(`its matrix product is wrong: ${values.join()}`);

process.stdout.write(JSON.stringify({ tensorflow: tf.TF_Version, gpu: tf.isUsingGpuDevice() }) + '\n');
