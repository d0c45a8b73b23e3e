/** Chooses an engine, trains a convolution for some steps, saves and loads; prints the engine and the last loss. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  abs,
  losses,
  max,
  randomNormal,
  type Scalar,
  sub,
  type Tensor,
  tensor2d,
  train,
} from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { selectEngine } from '@tfjs-distill/node';

const { engine } = await selectEngine();
const model = sequential();
model.add(layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, padding: 'same' }));
model.add(layers.flatten());
model.add(layers.dense({ units: 2 }));

const images = randomNormal([4, 8, 8, 1]);
const labels = tensor2d([
  [1, 0],
  [0, 1],
  [1, 0],
  [0, 1],
]);
const optimizer = train.adam(0.01);
const step = () =>
  optimizer.minimize(() => losses.softmaxCrossEntropy(labels, model.apply(images) as Tensor), true) as Scalar;

const first = (await step().data())[0]!;
for (let i = 0; i < 20; i++) step().dispose();
const last = (await step().data())[0]!;
if (!(last < first)) throw new Error(`the loss went from ${first} to ${last}`);

const folder = await mkdtemp(path.join(os.tmpdir(), 'distill-train-'));
await model.save(`file://${folder}`);
const loaded = await loadLayersModel(`file://${folder}/model.json`);
const difference = max(abs(sub(loaded.predict(images) as Tensor, model.predict(images) as Tensor)));
if ((await difference.data())[0] !== 0) throw new Error('the loaded model differs');
await rm(folder, { recursive: true });

process.stdout.write(`${engine} ${last}\n`);
