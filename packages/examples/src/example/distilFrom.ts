import { slice, tidy, train as optimizers } from '@tensorflow/tfjs-core';
import {
  checkTeacher,
  type CriterionLike,
  labelsOnly,
  prepareCompression,
  rememberingTeacher,
  type TeacherSource,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { evaluateModel, type SampleTensors, trainingBar } from '@tfjs-distill/node';
import { smallNet } from '../compression-manager/smallNet.js';
import { digitsPlan } from './digitsPlan.js';
import { type ExampleRow } from './ExampleRecord.js';
import { mnistSamples } from './mnistSamples.js';
import { seedsOf } from './planOf.js';
import { type ExampleOptions, type Findings, say } from './runExample.js';

const BATCH = 32;
const RATE = 2e-3;
const CHECKED = 256;

const WAYS: Readonly<Record<string, () => CriterionLike>> = {
  'student alone': () => labelsOnly,
  distilled: () => knowledgeDistillation({ temperature: 4, alpha: 0.1 }),
};

/** Checks a teacher of digits on one batch, then trains a small student without it and with it. */
export async function distilFrom(teacher: TeacherSource, options: ExampleOptions): Promise<Findings> {
  const plan = digitsPlan(options);
  const { images, epochs } = plan;
  const seeds = seedsOf(plan);
  const { train, test } = await mnistSamples(images, plan.testImages, options.data);
  await checked(teacher, train);

  const { accuracy } = await evaluateModel(teacher, test, { latency: false });
  const rows: ExampleRow[] = [{ name: 'teacher', values: [100 * accuracy] }];
  const remembering = rememberingTeacher(teacher); // asked once about each image, wherever it runs
  for (const [name, criterion] of Object.entries(WAYS)) {
    const values: number[] = [];
    for (const seed of seeds) {
      const settings = { train, test, epochs, seed, criterion: criterion(), teacher: remembering };
      values.push(await trained(`${name}, seed ${seed}`, settings));
    }
    rows.push({ name, values });
  }
  const settings = { ...plan, batch: BATCH, rate: RATE, temperature: 4, alpha: 0.1 };
  return { measure: 'test accuracy, %', seeds, settings, rows };
}

/** One batch, before any training: classes, logits or probabilities, and whether it is right more than by chance. */
async function checked(teacher: TeacherSource, { x, y }: SampleTensors): Promise<void> {
  const rows = Math.min(CHECKED, y.size);
  const batch = tidy(() => ({ x: slice(x, 0, rows), y: slice(y, 0, rows) }));
  const { accuracy = NaN, warnings } = await checkTeacher(teacher, batch, { classes: 10 });
  say(`Teacher "${teacher.name}" is right about ${(100 * accuracy).toFixed(1)} % of ${rows} images.`);
  for (const warning of warnings) say(warning);
  batch.x.dispose();
  batch.y.dispose();
}

interface Training {
  readonly train: SampleTensors;
  readonly test: SampleTensors;
  readonly epochs: number;
  readonly seed: number;
  readonly criterion: CriterionLike;
  readonly teacher: TeacherSource;
}

/** @returns A student's test accuracy, %. */
async function trained(
  name: string,
  { train, test, epochs, seed, criterion, teacher }: Training,
): Promise<number> {
  const student = smallNet(seed); // the same start with and without the teacher
  const manager = prepareCompression(student, {
    criterion,
    optimizer: optimizers.adam(RATE),
    plugins: trainingBar(name),
    ...(criterion !== labelsOnly && { teacher }),
  });
  try {
    await manager.fit(train, { epochs, batchSize: BATCH, seed });
    const { accuracy = NaN } = await manager.evaluate(test);
    say(`${name}: ${(100 * accuracy).toFixed(2)} %`);
    return 100 * accuracy;
  } finally {
    manager.dispose();
    student.dispose();
  }
}
