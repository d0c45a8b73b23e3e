/**
 * What a teacher adds to the training of Keras's distillation student (16/32 filters; batch 32, Adam): the student
 * alone, with the stored outputs of Keras's teacher (256/512 filters), and with that teacher live.
 *
 *   npm run bench -- teacher [--engine tensorflow] [--rounds 15] [--steps 32] [--batch 32] [--accuracy]
 *
 * All train in one process, in turn, round after round; a round is one `fit` over `--steps` batches of MNIST, the
 * teacher's outputs taken of the same images. Milliseconds per step: the median of the rounds, and in brackets the
 * fastest tenth. Beside the two of the goal: rows read from disk by position, rows gathered on the device, and the
 * live teacher remembered (`rememberingTeacher`, from its second epoch on).
 * `--accuracy` trains 3 seeds with stored and with live outputs of the shipped teacher and compares on the test images.
 * Ends with `ratio stored R1 live R2`: the median over the rounds of the time ÷ the time alone in the same round.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { train } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import {
  type CompressionManager,
  type Criterion,
  deviceTeacherStore,
  prepareCompression,
  quantile,
  rememberingTeacher,
  storedTeacher,
  type TeacherLike,
  type TeacherStore,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import {
  createTeacherStore,
  type EngineName,
  everyRow,
  fileSystem,
  openDataset,
  openTeacherStore,
  type Samples,
  sampleTensors,
  selectEngine,
} from '@tfjs-distill/node';
import { answers } from '../../packages/examples/src/mnist-distiller/logitsOf.js';
import { kerasStudent, kerasTeacher } from '../../packages/examples/src/mnist-distiller/models.js';

const { values: args } = parseArgs({
  options: {
    engine: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    steps: { type: 'string', default: '32' },
    batch: { type: 'string', default: '32' },
    accuracy: { type: 'boolean', default: false },
  },
});
const [rounds, steps, batchSize] = [Number(args.rounds), Number(args.steps), Number(args.batch)];
const SHIPPED = join(import.meta.dirname, '../../packages/examples/src/mnist-distiller/teacher');

/** No teacher, no term of its own: the task's loss alone. */
const alone: Criterion = {
  type: 'labels-only',
  weight: 0,
  requires: { teacher: false },
  compute: ({ taskLoss }) => taskLoss,
};

interface Contender {
  readonly name: string;
  readonly manager: CompressionManager;
  readonly times: number[];
}

function contender(name: string, teacher?: TeacherLike): Contender {
  const options = teacher
    ? { teacher, criterion: knowledgeDistillation({ temperature: 10, alpha: 0.1 }) }
    : { criterion: alone };
  const manager = prepareCompression(kerasStudent(1), { ...options, optimizer: train.adam(1e-3) });
  return { name, manager, times: [] };
}

async function label(model: LayersModel, set: Samples, ids: Int32Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-teacher-'));
  const writer = await createTeacherStore(folder, { classes: 10, teacher: 'bench', dataset: 'mnist' });
  for await (const rows of answers(model, set, ids, 'labelling')) await writer.append(rows);
  await writer.close();
  return folder;
}

async function compare(set: Samples): Promise<void> {
  const ids = everyRow(set).subarray(0, steps * batchSize);
  const teacher = kerasTeacher(1);
  const folder = await label(teacher, set, ids);
  const [resident, positional] = [
    await openTeacherStore(folder),
    await openTeacherStore(folder, {}, { memory: 0 }),
  ];
  const held = await deviceTeacherStore(resident, ids);
  const contenders = [
    contender('alone'),
    contender('stored', storedTeacher(resident)),
    contender('stored, read from disk', storedTeacher(positional)),
    contender('stored, on the device', storedTeacher(held)),
    contender('live', teacher),
    contender('live, remembered', rememberingTeacher(teacher)),
  ];
  const data = sampleTensors(set, ids);
  const round = async ({ manager }: Contender) => {
    const start = performance.now();
    await manager.fit(data, { batchSize, seed: 1 });
    return (performance.now() - start) / steps;
  };
  for (const one of contenders) await round(one); // warms up, and fills what is remembered
  for (let i = 0; i < rounds; i++) {
    process.stderr.write(`\rround ${i + 1} of ${rounds} `);
    for (let k = 0; k < contenders.length; k++) {
      const one = contenders[(i + k) % contenders.length] as Contender; // nobody always runs behind the same one
      one.times.push(await round(one));
    }
  }
  process.stderr.write('\r');
  report(contenders);
  for (const { manager } of contenders) manager.dispose();
  for (const store of [resident, positional, held] satisfies TeacherStore[]) store.dispose();
  await rm(folder, { recursive: true });
}

function report(contenders: readonly Contender[]): void {
  const [first, ...others] = contenders;
  const ratio = ({ times }: Contender) =>
    quantile(
      times.map((time, i) => time / (first?.times[i] ?? NaN)),
      0.5,
    );
  for (const one of contenders) {
    const [middle, best] = [quantile(one.times, 0.5), quantile(one.times, 0.1)].map((time) =>
      time.toFixed(2),
    );
    console.log(
      `${one.name.padEnd(24)}${`${middle} ms (${best})`.padStart(18)}${ratio(one).toFixed(3).padStart(9)}`,
    );
  }
  const of = (name: string) => others.filter((one) => one.name === name).map((one) => ratio(one).toFixed(3));
  console.log(`ratio stored ${of('stored')[0]} live ${of('live')[0]}`);
}

/** Accuracy of the same students, taught by the same outputs, stored and live. */
async function accuracy(set: Samples, testSet: Samples): Promise<void> {
  const [ids, test] = [everyRow(set).subarray(0, 6000), sampleTensors(testSet)];
  const teacher = await loadLayersModel(fileSystem(SHIPPED));
  const folder = await label(teacher, set, ids);
  const store = await openTeacherStore(folder);
  const data = sampleTensors(set, ids);
  for (const seed of [1, 2, 3]) {
    const found: string[] = [];
    for (const [name, source] of [
      ['stored', storedTeacher(store)],
      ['live', teacher],
    ] as const) {
      const criterion = knowledgeDistillation({ temperature: 10, alpha: 0.1 });
      const manager = prepareCompression(kerasStudent(seed), { teacher: source, criterion });
      await manager.fit(data, { batchSize, epochs: 3, seed });
      found.push(`${name} ${((await manager.evaluate(test))['accuracy'] ?? NaN).toFixed(4)}`);
      manager.dispose();
    }
    console.log(`accuracy, seed ${seed}: ${found.join(', ')}`);
  }
  store.dispose();
  await rm(folder, { recursive: true });
}

const { engine } = await selectEngine({ engine: args.engine as EngineName | undefined });
const mnist = await openDataset('mnist');
console.log(`engine ${engine}, ${rounds} rounds of ${steps} steps, batch ${batchSize}`);
if (args.accuracy) await accuracy(mnist.train, mnist.test);
await compare(mnist.train);
