/**
 * The practical guide's pipeline, section by section: teacher predictions stored once, a depthwise-separable student,
 * annealed temperature, gradient clipping with a cosine schedule, online distillation, and its three metrics.
 *
 *   npm run example:guide-pipeline              1,500 digits, few epochs, half as many filters
 *   npm run example:guide-pipeline -- --full    60,000 digits, the guide's rate and batch, 3 seeds
 *   npx distill run packages/examples/src/guide-pipeline/config.yaml      the same as one file
 *   npx distill sweep packages/examples/src/guide-pipeline/config.yaml --grid …   its table of hyper-parameters
 */
import { type Tensor, tidy, train as optimizers } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  annealing,
  cosine,
  type CriterionLike,
  gradientClipping,
  type Knob,
  labelsOnly,
  learningRate,
  type Plugin,
  prepareCompression,
  storedTeacher,
  takeSamples,
  type TeacherLike,
  type TeacherRows,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import {
  cachedTeacherStore,
  compressionMetrics,
  evaluateModel,
  fingerprint,
  modelFingerprint,
  type SampleTensors,
  trainingBar,
} from '@tfjs-distill/node';
import { type ExampleRow } from '../example/ExampleRecord.js';
import { mnistSamples } from '../example/mnistSamples.js';
import { planOf, seedsOf } from '../example/planOf.js';
import { runExample, say } from '../example/runExample.js';
import { shippedTeacher } from '../example/shippedTeacher.js';
import { studentModel } from './studentModel.js';

/** The guide's table of hyper-parameters; its rate needs the epochs of a full run. */
const GUIDE = { temperature: 2, alpha: 0.5, learningRate: 1e-4, batchSize: 64 };
const FULL = { ...GUIDE, width: 64, images: 60_000, testImages: 10_000, epochs: 10, seeds: 3 };
/** What fits in three minutes on two cores, also on WebAssembly. */
const SHORT = {
  ...FULL,
  learningRate: 5e-3,
  batchSize: 16,
  width: 32,
  images: 1500,
  testImages: 1000,
  epochs: 5,
  seeds: 1,
};

/** `(1 − alpha) · hard + alpha · T² · soft` */
const distillationLoss = (temperature: Knob) =>
  knowledgeDistillation({ temperature, taskWeight: 1 - GUIDE.alpha, softWeight: GUIDE.alpha });

interface Way {
  readonly name: string;
  readonly criterion: () => CriterionLike;
  readonly teacher?: 'stored' | 'online';
  readonly stable?: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'student alone', criterion: () => labelsOnly },
  {
    name: 'stored predictions, T 2',
    criterion: () => distillationLoss(GUIDE.temperature),
    teacher: 'stored',
  },
  {
    name: 'T annealed by 1 + 4 · (1 − epoch / epochs)',
    criterion: () => distillationLoss(annealing()),
    teacher: 'stored',
  },
  {
    name: '… with clipping and a cosine schedule',
    criterion: () => distillationLoss(annealing()),
    teacher: 'stored',
    stable: true,
  },
  {
    name: 'online: the teacher answers in the step, T 2',
    criterion: () => distillationLoss(GUIDE.temperature),
    teacher: 'online',
  },
];

await runExample({
  name: 'guide-pipeline',
  description: "The practical guide's pipeline, from stored predictions to its metrics.",
  run: async (options) => {
    const settings = planOf(options.full ? FULL : SHORT, options);
    const seeds = seedsOf(settings);
    const { train, test } = await mnistSamples(settings.images, settings.testImages, options.data);

    // 1. The data pipeline: images, labels, and what the teacher predicts of each image, by the image's id.
    const online = await shippedTeacher();
    const teachers = { online, stored: await predictions(online, train) };

    const rows: ExampleRow[] = [];
    let last: LayersModel | undefined;
    for (const way of WAYS) {
      const values: number[] = [];
      for (const seed of seeds) {
        last?.dispose();
        last = studentModel([28, 28, 1], 10, settings.width, seed);
        const teacher = way.teacher && teachers[way.teacher];
        values.push(100 * (await trained(last, way, { train, test, seed, ...settings, teacher })));
        say(`${way.name}, seed ${seed}: ${values.at(-1)?.toFixed(2)} %`);
      }
      rows.push({ name: way.name, values });
    }
    if (last !== undefined) rows.push(...(await metrics(online, last, test)));
    return { measure: 'test accuracy, %', seeds, settings, rows };
  },
});

/** Asks the teacher once for every image; read from disk ever after. */
async function predictions(teacher: LayersModel, samples: SampleTensors): Promise<TeacherLike> {
  const header = {
    classes: 10,
    teacher: await modelFingerprint(teacher),
    dataset: fingerprint('mnist', samples.ids, await samples.x.data<'float32'>()), // --data may hold other images
  };
  const { store, reused } = await cachedTeacherStore(
    '.cache/guide-pipeline',
    header,
    samples.ids,
    (missing) => answers(teacher, samples, missing),
  );
  say(
    `Teacher's predictions of ${samples.ids.length} images: ${reused ? 'read from disk' : 'computed and stored'}.`,
  );
  return storedTeacher(store);
}

async function* answers(
  teacher: LayersModel,
  samples: SampleTensors,
  ids: Int32Array,
): AsyncGenerator<TeacherRows> {
  for (let at = 0; at < ids.length; at += 500) {
    const block = ids.subarray(at, at + 500); // ids are places here
    const output = tidy(() => teacher.predict(takeSamples(samples, block).x as Tensor) as Tensor);
    const logits = await output.data<'float32'>();
    output.dispose();
    yield { ids: block, logits };
  }
}

interface Training {
  readonly train: SampleTensors;
  readonly test: SampleTensors;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly teacher: TeacherLike | undefined;
}

/** Trains a student in place. @returns Its test accuracy, 0 to 1. */
async function trained(student: LayersModel, { name, criterion, stable = false }: Way, settings: Training) {
  const { train, test, seed, epochs, batchSize, learningRate: peak, teacher } = settings;
  const stabilizers: Plugin[] = [
    gradientClipping({ globalNorm: 1 }),
    learningRate({ rate: cosine({ from: peak, to: 0 }) }), // torch's CosineAnnealingLR
  ];
  const manager = prepareCompression(student, {
    criterion: criterion(),
    optimizer: optimizers.adam(peak),
    plugins: [...trainingBar(`${name}, seed ${seed}`), ...(stable ? stabilizers : [])],
    ...(teacher && { teacher }),
  });
  try {
    await manager.fit(train, { epochs, batchSize, seed });
    const { accuracy = NaN } = await manager.evaluate(test);
    return accuracy;
  } finally {
    manager.dispose();
  }
}

/** The guide's `evaluate_distillation`, filled in. */
async function metrics(
  teacher: LayersModel,
  student: LayersModel,
  test: SampleTensors,
): Promise<ExampleRow[]> {
  const ofTeacher = await evaluateModel(teacher, test);
  const ofStudent = await evaluateModel(student, test, { teacher });
  const { modelSizeReduction = NaN, inferenceSpeedup = NaN } = compressionMetrics(ofTeacher, ofStudent);
  return [
    { name: 'teacher', values: [100 * ofTeacher.accuracy] },
    { name: 'model_size_reduction, %', values: [100 * modelSizeReduction] },
    { name: 'inference_speedup, times', values: [inferenceSpeedup] },
  ];
}
