/**
 * PyTorch's knowledge-distillation tutorial on CIFAR-10: DeepNN teaches LightNN by soft targets, by a hidden
 * layer's direction, by a regressor of feature maps, and by the further matchings that it names.
 *
 *   npm run example:cifar10-tutorial              a part of the images, few epochs
 *   npm run example:cifar10-tutorial -- --full    all 50,000 images, 10 epochs, all matchings, 3 seeds
 *   npm run example:cifar10-tutorial -- --save FOLDER     also writes the networks, for weights/to_pytorch.py
 */
import { join } from 'node:path';
import { train as optimizers } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  type CriterionLike,
  expected,
  labelsOnly,
  prepareCompression,
  rememberingTeacher,
  type TeacherSource,
} from '@tfjs-distill/core';
import { openDataset, openModel, type SampleTensors, trainingBar } from '@tfjs-distill/node';
import { type ExampleRow } from '../example/ExampleRecord.js';
import { firstSamples } from '../example/firstSamples.js';
import { normalizedSamples } from '../example/normalizedSamples.js';
import { type Plan as Common, planOf, seedsOf } from '../example/planOf.js';
import { runExample, say } from '../example/runExample.js';
import { EXTENSIONS, type Method, TUTORIAL } from './methods.js';
import { deepNN, lightNN } from './models.js';
import { exportNetwork } from './weights/exportNetwork.js';

const BATCH = 128;
const RATE = 1e-3;

interface Plan extends Common {
  readonly testImages: number;
  readonly teacherEpochs: number;
  readonly methods: readonly Method[];
}

/** What fits in three minutes on two cores, also on WebAssembly. */
const SHORT: Plan = {
  images: 1200,
  testImages: 1000,
  teacherEpochs: 3,
  epochs: 3,
  seeds: 1,
  methods: TUTORIAL,
};
const FULL: Plan = {
  images: 50_000,
  testImages: 10_000,
  teacherEpochs: 10,
  epochs: 10,
  seeds: 3,
  methods: [...TUTORIAL, ...EXTENSIONS],
};

await runExample({
  name: 'cifar10-tutorial',
  description: "PyTorch's knowledge-distillation tutorial on CIFAR-10.",
  options: {
    save: {
      value: 'folder',
      description: 'where the teacher and the students of the first seed are written',
    },
    teacher: { value: 'folder', description: 'a teacher that was saved; none is trained then' },
    teacherEpochs: { value: 'n', description: 'epochs of the teacher' },
    matchings: {
      value: 'n',
      description: 'which of the ways to match: 4 the first four, 5-8 some of the others',
    },
  },
  async run({ full, data, save, teacher: saved, teacherEpochs, matchings, ...options }) {
    const dataset = await openDataset({ type: 'cifar10', ...(data !== undefined && { path: data }) });
    const preset = full ? FULL : SHORT;
    const images = Math.min(options.images ?? preset.images, dataset.train.labels.length);
    const plan = {
      ...planOf(preset, { ...options, images }),
      methods: matchings === undefined ? preset.methods : chosen([...TUTORIAL, ...EXTENSIONS], matchings),
      teacherEpochs: Number(teacherEpochs ?? preset.teacherEpochs),
    };
    const train = normalizedSamples(firstSamples(dataset.train, plan.images));
    const test = normalizedSamples(firstSamples(dataset.test, plan.testImages));
    const seeds = seedsOf(plan);
    say(
      `${plan.images.toLocaleString('en')} images, teacher ${plan.teacherEpochs} epochs, each student ${plan.epochs}` +
        ` epochs, ${plan.seeds} ${plan.seeds === 1 ? 'seed' : 'seeds'}.${full ? '' : ' The tutorial: --full.'}`,
    );

    const deep = saved === undefined ? deepNN(0) : ((await openModel(saved)) as LayersModel);
    const epochs = saved === undefined ? plan.teacherEpochs : 0;
    const teacherAccuracy = await fitted('teacher', deep, labelsOnly, { train, test, epochs, seed: 0 });
    if (save !== undefined) await exportNetwork(deep, join(save, 'teacher'), test.x);
    // 50,000 logits and feature maps, 5.8 GB of them: asked once each, by whichever student comes first
    const teacher = rememberingTeacher(deep, { bytes: 6e9 });

    const rows: ExampleRow[] = [
      { name: 'teacher', source: '75.01', peer: '73.72', values: [teacherAccuracy] },
    ];
    for (const { id, name, source, peer, criterion } of plan.methods) {
      const values: number[] = [];
      for (const seed of seeds) {
        const student = lightNN(seed); // the same start for every method
        const settings = { train, test, epochs: plan.epochs, seed, teacher };
        values.push(await fitted(`${name}, seed ${seed}`, student, criterion(), settings));
        if (save !== undefined && seed === 1) await exportNetwork(student, join(save, id), test.x);
        student.dispose();
      }
      rows.push({ name, ...(source && { source }), ...(peer && { peer }), values });
    }
    const { methods: _, ...settings } = plan;
    return {
      measure: 'test accuracy, %',
      seeds,
      settings: { ...settings, batch: BATCH, rate: RATE },
      rows,
      ...(plan.methods.every((method) => EXTENSIONS.includes(method)) && { part: 'further' }),
    };
  },
});

/** @example chosen(methods, '5-8') // the fifth to the eighth */
function chosen(methods: readonly Method[], range: string): readonly Method[] {
  const [first = 1, last] = range.includes('-') ? range.split('-').map(Number) : [1, Number(range)];
  const isRange = Number.isInteger(first) && Number.isInteger(last) && first >= 1 && first <= Number(last);
  if (!isRange) throw expected('--matchings', 'a number such as 4 or a range such as 5-8', range);
  return methods.slice(first - 1, last);
}

interface Training {
  readonly train: SampleTensors;
  readonly test: SampleTensors;
  readonly epochs: number;
  readonly seed: number;
  readonly teacher?: TeacherSource;
}

/** Trains a model in place. @returns Its test accuracy, %. */
async function fitted(
  name: string,
  model: LayersModel,
  criterion: CriterionLike,
  { train, test, epochs, seed, teacher }: Training,
): Promise<number> {
  const manager = prepareCompression(model, {
    criterion,
    optimizer: optimizers.adam(RATE),
    plugins: trainingBar(name),
    ...(teacher && { teacher }),
  });
  try {
    if (epochs > 0) await manager.fit(train, { epochs, batchSize: BATCH, seed });
    const { accuracy = NaN } = await manager.evaluate(test);
    say(`${name}: ${(100 * accuracy).toFixed(2)} %`);
    return 100 * accuracy;
  } finally {
    manager.dispose();
  }
}
