/**
 * A pre-trained ResNet-50 with a new head teaches a small network on CIFAR-10; what the teacher says is computed once
 * and looked up by the sample's id.
 *
 *   npm run example:cached-resnet -- --data FOLDER             800 images at 64 × 64, a student a quarter as wide
 *   npm run example:cached-resnet -- --data FOLDER --full      5,000 images at 128 × 128, the article's student, 3 seeds
 */
import { type Tensor, tensor2d, tidy, train as optimizers } from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  type CriterionLike,
  keepBest,
  labelsOnly,
  memoryTeacherStore,
  prepareCompression,
  storedTeacher,
  takeSamples,
  type TeacherSource,
  type TensorData,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { openDataset, type SampleTensors, trainingBar } from '@tfjs-distill/node';
import { countingBar } from '../example/countingBar.js';
import { firstSamples } from '../example/firstSamples.js';
import { normalizedSamples } from '../example/normalizedSamples.js';
import { planOf, seedsOf } from '../example/planOf.js';
import { runExample, say } from '../example/runExample.js';
import { net } from './net.js';
import { prepared, resnetBody } from './resnetBody.js';

const CACHE = '.cache/resnet';
const [TEMPERATURE, ALPHA] = [1, 0.5]; // the article's
const BATCH = 64;

/** `alpha · T² · KL + (1 − alpha) · CE`; the article's `KLDivLoss()` divides by the ten classes as well. */
const distillation = (): CriterionLike =>
  knowledgeDistillation({ temperature: TEMPERATURE, softWeight: ALPHA, taskWeight: 1 - ALPHA });

const SHORT = { images: 800, testImages: 400, size: 64, width: 16, epochs: 10, seeds: 1 };
const FULL = { images: 5000, testImages: 2000, size: 128, width: 64, epochs: 20, seeds: 3 };

await runExample({
  name: 'cached-resnet',
  description: 'ResNet-50 teaches a small network; its outputs are cached by sample id.',
  run: async ({ full, data, ...options }) => {
    const plan = planOf(full ? FULL : SHORT, options);
    const { size, width, epochs } = plan;
    const seeds = seedsOf(plan);
    const dataset = await openDataset({ type: 'cifar10', ...(data !== undefined && { path: data }) });
    const train = firstSamples(dataset.train, plan.images);
    const test = firstSamples(dataset.test, Math.min(plan.testImages, plan.images));

    // The body is frozen: each image passes it once, and only the head is trained.
    const body = await resnetBody(CACHE, size);
    const features = { train: await featuresOf(body, train, size), test: await featuresOf(body, test, size) };
    body.dispose();
    const head = newHead();
    await fitted('teacher’s head', head, labelsOnly, { ...features, epochs: 10, seed: 0 });
    const teacherAccuracy = await accuracyOf(head, features.test);
    say(`teacher: ${(100 * teacherAccuracy).toFixed(2)} %`);

    // What it says of every training image, by the image's id: shuffled or not, an image gets its own row.
    const logits = tidy(() => head.predict(features.train.x as Tensor) as Tensor);
    const store = memoryTeacherStore(
      { classes: 10, teacher: `resnet50-${size}`, dataset: dataset.fingerprint },
      { ids: train.ids, logits: await logits.data<'float32'>() },
    );
    logits.dispose();

    const images = { train: normalizedSamples(train), test: normalizedSamples(test) };
    const rows = [{ name: 'teacher: ResNet-50, new head', values: [100 * teacherAccuracy] }];
    for (const [name, criterion, teacher] of [
      ['student alone', () => labelsOnly, undefined],
      ['distilled from the cache', distillation, storedTeacher(store)],
    ] as const) {
      const values: number[] = [];
      for (const seed of seeds) {
        const student = net(width, seed);
        const settings = { ...images, epochs, seed, teacher };
        values.push(100 * (await fitted(`${name}, seed ${seed}`, student, criterion(), settings)));
        say(`${name}, seed ${seed}: ${values.at(-1)?.toFixed(2)} %`);
        student.dispose();
      }
      rows.push({ name, values });
    }
    return {
      measure: 'best test accuracy, %',
      seeds,
      settings: { ...plan, batch: BATCH },
      rows,
    };
  },
});

interface Training {
  readonly train: TensorData;
  readonly test: TensorData;
  readonly epochs: number;
  readonly seed: number;
  readonly teacher?: TeacherSource | undefined;
}

/** Trains a model in place and gives it the weights of its best epoch. @returns Their test accuracy, 0 to 1. */
async function fitted(
  name: string,
  model: LayersModel,
  criterion: CriterionLike,
  settings: Training,
): Promise<number> {
  const { train, test, epochs, seed, teacher } = settings;
  const manager = prepareCompression(model, {
    criterion,
    optimizer: optimizers.adam(1e-3),
    plugins: [...trainingBar(name), keepBest({ metric: 'val_accuracy' })],
    ...(teacher && { teacher }),
  });
  try {
    await manager.fit(train, { epochs, batchSize: BATCH, seed, validation: test });
    return await accuracyOf(model, test);
  } finally {
    manager.dispose();
  }
}

async function accuracyOf(model: LayersModel, data: TensorData): Promise<number> {
  const manager = prepareCompression(model, { criterion: labelsOnly });
  const { accuracy = NaN } = await manager.evaluate(data);
  manager.dispose();
  return accuracy;
}

/** `resnet.fc = nn.Linear(2048, 10)` */
function newHead(): LayersModel {
  const kernelInitializer = initializers.glorotUniform({ seed: 0 });
  return sequential({
    name: 'head',
    layers: [layers.dense({ units: 10, inputShape: [2048], kernelInitializer })],
  });
}

/** The body's features of all samples, `[samples, 2048]`. */
async function featuresOf(body: LayersModel, samples: SampleTensors, size: number): Promise<TensorData> {
  const count = samples.ids.length;
  const all = new Float32Array(count * 2048);
  const bar = countingBar('ResNet-50', count, 'images');
  for (let at = 0; at < count; at += 50) {
    const rows = Int32Array.from({ length: Math.min(50, count - at) }, (_, i) => at + i);
    const batch = takeSamples({ x: samples.x }, rows);
    const output = tidy(() => body.predict(prepared(batch.x as Tensor, size)) as Tensor);
    (batch.x as Tensor).dispose();
    all.set(await output.data<'float32'>(), at * 2048);
    output.dispose();
    bar.update(at + rows.length);
  }
  bar.stop();
  return { x: tensor2d(all, [count, 2048]), y: samples.y, ids: samples.ids };
}
