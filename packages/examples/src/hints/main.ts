/**
 * FitNets against knowledge distillation against labels alone: a thin and deep student of MNIST with few images.
 *
 *   npm run example:hints              500 images, 24 epochs, three seeds each
 *   npm run example:hints -- --full    5,000 images, 30 epochs, five seeds each
 *   npm run example:hints -- --help    everything else
 */
import { train as optimizers } from '@tensorflow/tfjs-core';
import { prepareCompression, rememberingTeacher, type TeacherSource } from '@tfjs-distill/core';
import { type SampleTensors, trainingBar } from '@tfjs-distill/node';
import { type ExampleRow } from '../example/ExampleRecord.js';
import { mnistSamples } from '../example/mnistSamples.js';
import { type Plan as Common, planOf, seedsOf } from '../example/planOf.js';
import { runExample, say } from '../example/runExample.js';
import { shippedTeacher } from '../example/shippedTeacher.js';
import { type Method, METHODS } from './methods.js';
import { thinStudent } from './models.js';

interface Plan extends Common {
  readonly testImages: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

const SHORT: Plan = {
  images: 500,
  testImages: 2000,
  epochs: 24,
  seeds: 3,
  batchSize: 32,
  learningRate: 3e-3,
};
const FULL: Plan = { ...SHORT, images: 5000, testImages: 10_000, epochs: 30, seeds: 5 };

await runExample({
  name: 'hints',
  description: 'FitNets against KD against labels alone, on a part of MNIST.',
  async run(options) {
    const plan = planOf(options.full ? FULL : SHORT, options);
    const { images, epochs } = plan;
    const seeds = seedsOf(plan);
    say(
      `${images.toLocaleString('en')} images of MNIST, each way ${epochs} epochs, ${plan.seeds} seeds.` +
        (options.full ? '' : ' Cut to fit two minutes; ten times the images: --full.'),
    );
    const { train, test } = await mnistSamples(images, plan.testImages, options.data);
    const model = await shippedTeacher();
    const teacher = rememberingTeacher(model, { bytes: 1e9 }); // asked once about every image, by whoever comes first

    const rows: ExampleRow[] = [];
    for (const method of METHODS) {
      const values: number[] = [];
      for (const seed of seeds) {
        values.push(await accuracyOf(method, { plan, seed, teacher, train, test }));
        say(`${method.name}, seed ${seed}: ${values.at(-1)?.toFixed(2)} %`);
      }
      rows.push({ name: method.name, values });
    }
    teacher.dispose?.();
    model.dispose();
    return { measure: 'test accuracy, %', seeds, settings: { ...plan }, rows };
  },
});

interface Work {
  readonly plan: Plan;
  readonly seed: number;
  readonly teacher: TeacherSource;
  readonly train: SampleTensors;
  readonly test: SampleTensors;
}

/** Trains a student one way; all ways start from the same weights and see the same images in the same order. */
async function accuracyOf(
  { name, stages }: Method,
  { plan, seed, teacher, train, test }: Work,
): Promise<number> {
  const student = thinStudent(seed);
  const manager = prepareCompression(student, {
    teacher,
    stages: stages(plan.epochs),
    optimizer: optimizers.adam(plan.learningRate), // of the first stage; the next one starts with another like it
  });
  const { batchSize } = plan;
  await manager.fit(train, { batchSize, seed, plugins: trainingBar(`${name}, seed ${seed}`) });
  const { accuracy = NaN } = await manager.evaluate(test);
  manager.dispose();
  student.dispose();
  return 100 * accuracy;
}
