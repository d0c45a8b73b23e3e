/** Multiplies matrices on a native engine in two worker threads at once. node workers.mjs ENGINE_DIRECTORY */
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadTfjsNode } from '../../../packages/node/native/loadTfjsNode.mjs';

if (isMainThread) {
  const workers = [0, 1].map(() => new Worker(new URL(import.meta.url), { workerData: process.argv[2] }));
  await Promise.all(
    workers.map((worker) => new Promise((resolve) => worker.on('exit', resolve).on('message', console.log))),
  );
  console.log('done');
} else {
  loadTfjsNode(workerData, '@tensorflow/tfjs-node');
  const tf = createRequire(import.meta.url)('@tensorflow/tfjs-core');
  const product = tf.matMul(tf.ones([20, 20]), tf.ones([20, 20]));
  parentPort.postMessage((await product.data())[0]);
}
