/**
 * Intel Neural Compressor's distillation guide on TensorFlow.js: its training loop with every hook, its names, and
 * all three kinds of distillation, of which its own TensorFlow path has one.
 *
 *   npm run example:compression-manager              1,000 labelled digits
 *   npm run example:compression-manager -- --full    10,000 of them, 3 seeds
 */
import { argMax, cast, dispose, equal, mean, slice, tidy, train as optimizers } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  attachExits,
  calibrateExits,
  earlyExit,
  exitFacts,
  labelsOnly,
  prepareCompression,
  rememberingTeacher,
  type TeacherSource,
} from '@tfjs-distill/core';
import {
  DistillationConfig,
  IntermediateLayersKnowledgeDistillationLossConfig,
  KnowledgeDistillationLossConfig,
  type LossConfig,
  SelfKnowledgeDistillationLossConfig,
} from '@tfjs-distill/losses';
import { type SampleTensors } from '@tfjs-distill/node';
import { digitsPlan } from '../example/digitsPlan.js';
import { drawBatches } from '../example/drawBatches.js';
import { mnistSamples } from '../example/mnistSamples.js';
import { seedsOf } from '../example/planOf.js';
import { runExample, say } from '../example/runExample.js';
import { shippedTeacher, TEACHER_FEATURE } from '../example/shippedTeacher.js';
import { smallNet } from './smallNet.js';
import { trainingFunc } from './trainingFunc.js';

const BATCH = 32;
const RATE = 2e-3;

interface Kind {
  readonly name: string;
  readonly config: LossConfig | undefined;
  /** Gives the student exits of its own. */
  readonly exits?: boolean;
}

/** The guide's three kinds, and none. The weights are ours: the guide has only its defaults. */
const KINDS: readonly Kind[] = [
  { name: 'student alone', config: undefined },
  {
    name: 'knowledge distillation',
    config: new KnowledgeDistillationLossConfig({
      temperature: 4,
      lossTypes: ['CE', 'KL'],
      lossWeights: [0.1, 0.9],
    }),
  },
  {
    name: 'intermediate layers',
    config: new IntermediateLayersKnowledgeDistillationLossConfig({
      layerMappings: [['conv3', TEACHER_FEATURE]],
      lossTypes: ['MSE'],
      lossWeights: [1],
      addOriginLoss: true,
    }),
  },
  {
    name: 'self-distillation',
    config: new SelfKnowledgeDistillationLossConfig({ temperature: 3 }),
    exits: true,
  },
];

await runExample({
  name: 'compression-manager',
  description: "Intel Neural Compressor's distillation guide, all three kinds, on digits.",
  run: async (options) => {
    const plan = digitsPlan(options);
    const { images, epochs } = plan;
    const seeds = seedsOf(plan);
    const { train, test } = await mnistSamples(images, plan.testImages, options.data);
    const teacher = rememberingTeacher(await shippedTeacher()); // asked once for each image
    say(`${images} labelled images, ${epochs} epochs, ${seeds.length} seeds.`);

    const rows = [];
    for (const kind of KINDS) {
      const accuracies: number[] = [];
      const early: number[] = [];
      const costs: number[] = [];
      for (const seed of seeds) {
        const bare = smallNet(seed);
        const student = kind.exits
          ? attachExits(bare, [
              { after: 'conv1', head: 'pool' },
              { after: 'conv2', head: 'attention' },
            ])
          : bare;
        accuracies.push(100 * (await distilled(kind, student, teacher, { train, test, epochs, seed })));
        if (kind.exits) {
          const { accuracy, cost } = await earlyAnswers(student, test);
          early.push(100 * accuracy);
          costs.push(cost);
        }
        student.dispose();
      }
      rows.push({ name: kind.name, values: accuracies });
      if (early.length > 0) {
        const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
        rows.push({ name: `… leaving early, ${(100 * mean).toFixed(0)} % of the operations`, values: early });
      }
    }
    return {
      measure: 'test accuracy, %',
      seeds,
      settings: { ...plan, batch: BATCH, rate: RATE },
      rows,
    };
  },
});

interface Training {
  readonly train: SampleTensors;
  readonly test: SampleTensors;
  readonly epochs: number;
  readonly seed: number;
}

/** The guide's launcher, line by line. @returns Test accuracy of the deepest classifier, 0 to 1. */
async function distilled(
  { name, config }: Kind,
  model: LayersModel,
  teacherModel: TeacherSource,
  { train, test, epochs, seed }: Training,
): Promise<number> {
  const optimizer = optimizers.adam(RATE);
  const conf = config && new DistillationConfig({ teacherModel, criterion: config });
  const compressionManager = prepareCompression(model, conf ?? { criterion: labelsOnly });
  try {
    await trainingFunc(
      compressionManager,
      (epoch) => drawBatches(train, { batchSize: BATCH, seed, epoch }),
      optimizer,
      epochs,
    );
    const { accuracy = NaN } = await compressionManager.evaluate(test);
    say(`${name}, seed ${seed}: ${(100 * accuracy).toFixed(2)} %`);
    return accuracy;
  } finally {
    compressionManager.dispose();
    optimizer.dispose();
  }
}

/** Dynamic inference: the threshold is chosen on one half of the test images and judged on the other. */
async function earlyAnswers(student: LayersModel, { x, y }: SampleTensors) {
  const half = Math.floor((x.shape[0] ?? 0) / 2);
  const part = (start: number) =>
    tidy(() => ({ x: slice(x, [start, 0, 0, 0], [half, -1, -1, -1]), y: slice(y, start, half) }));
  const [validation, judged] = [part(0), part(half)];
  const { chosen } = calibrateExits(await exitFacts(student, validation));
  const answer = await earlyExit(student).predictEarlyExit(judged.x, chosen);
  const right = tidy(() => mean(cast(equal(argMax(answer.logits, -1), judged.y), 'float32')));
  const [accuracy = NaN] = await right.data();
  const { cost } = answer;
  dispose([
    right,
    answer.logits,
    answer.probabilities,
    ...Object.values(validation),
    ...Object.values(judged),
  ]);
  return { accuracy, cost };
}
