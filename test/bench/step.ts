/**
 * Time of one distillation step on native TensorFlow, for the pairs of Keras's example (student 16/32, teacher 256/512
 * filters, batch 32) and of PyTorch's tutorial (LightNN, DeepNN, batch 128): eager, compiled, compiled with eight steps
 * a call, compiled in two parts around a plugin that takes all gradients through JavaScript; each with the teacher's
 * logits stored and with the teacher in the step.
 *
 *   npm run bench -- step [--rounds 7] [--seconds 1] [--only keras|torch] [--python FOLDER/bin/python]…
 *
 * All variants run in this process in turn, round after round; the first round warms up. The figures are the median over
 * the rounds, and in brackets the fastest. `--python` names interpreters that have keras and tensorflow, or torch: they
 * run the same steps in processes of their own, between our rounds. Ends with `vs-keras R` and `vs-torch R`: compiled
 * with eight steps a call, stored teacher, ÷ theirs, then both again with the teacher in the step.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  oneHot,
  randomNormal,
  randomUniform,
  slice,
  type Tensor,
  tensor,
  tidy,
  train,
} from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  type CompressionManager,
  memoryTeacherStore,
  type Plugin,
  prepareCompression,
  quantile,
  storedTeacher,
  type TeacherLike,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { selectEngine } from '@tfjs-distill/node/engine';
import { kerasStudent, kerasTeacher } from '../../packages/examples/src/mnist-distiller/models.js';

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string' },
    python: { type: 'string', multiple: true, default: [] },
  },
});

/** A teacher and a student as a peer has them. */
interface Pair {
  readonly name: 'keras' | 'torch';
  readonly batch: number;
  readonly image: readonly [number, number, number];
  readonly student: () => LayersModel;
  readonly teacher: () => LayersModel;
  readonly criterion: () => ReturnType<typeof knowledgeDistillation>;
}

/** 3×3 convolutions with ReLU, a pooling where a 0 stands, then a hidden layer with dropout: the tutorial's networks. */
function tutorialNetwork(filters: readonly number[], hidden: number): LayersModel {
  const stack = filters.map((count, i) => {
    const inputShape = i === 0 ? { inputShape: [32, 32, 3] } : {};
    return count === 0
      ? layers.maxPooling2d({ poolSize: 2 })
      : layers.conv2d({ filters: count, kernelSize: 3, padding: 'same', activation: 'relu', ...inputShape });
  });
  const head = [
    layers.flatten(),
    layers.dense({ units: hidden, activation: 'relu' }),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 10 }),
  ];
  return sequential({ layers: [...stack, ...head] });
}

const PAIRS: readonly Pair[] = [
  {
    name: 'keras',
    batch: 32,
    image: [28, 28, 1],
    student: () => kerasStudent(1),
    teacher: () => kerasTeacher(1),
    criterion: () => knowledgeDistillation({ temperature: 10, alpha: 0.1 }),
  },
  {
    name: 'torch',
    batch: 128,
    image: [32, 32, 3],
    student: () => tutorialNetwork([16, 0, 16, 0], 256),
    teacher: () => tutorialNetwork([128, 64, 0, 64, 32, 0], 512),
    criterion: () => knowledgeDistillation({ temperature: 2, alpha: 0.75 }),
  },
];

/**
 * Batches of an epoch, which is the least that is timed. The examples have 1,875 and 391; what an epoch costs by itself,
 * such as its first step, which is replayed, weighs more here than there.
 */
const BATCHES = { keras: { stored: 64, live: 64 }, torch: { stored: 64, live: 16 } } as const;

const RUNNERS = ['eager', 'compiled', 'compiled ×8', 'split'] as const;
const TEACHERS = ['stored', 'live'] as const;

/** Something that runs epochs, and how long a step of them took. */
interface Variant {
  readonly pair: Pair['name'];
  readonly label: string;
  readonly teacher: (typeof TEACHERS)[number];
  /** Milliseconds of a step, one entry a round. */
  readonly times: number[];
  epochs: number;
  run(epochs: number): Promise<number>;
}

function ours(pair: Pair): Variant[] {
  const count = pair.batch * BATCHES[pair.name].stored;
  const x: Tensor = randomNormal([count, ...pair.image], 0, 1, 'float32', 1);
  const y = tidy(() => oneHot(randomUniform([count], 0, 9.99, 'int32', 2), 10));
  const teacher = pair.teacher();
  const header = { classes: 10, teacher: 'bench', dataset: 'noise' };
  const ids = Int32Array.from({ length: count }, (_, i) => i);
  const logits = Float32Array.from({ length: count * 10 }, (_, i) => Math.sin(i) * 4);
  const store = storedTeacher(memoryTeacherStore(header, { ids, logits }));
  return TEACHERS.flatMap((kind) => {
    const steps = BATCHES[pair.name][kind];
    const size = steps * pair.batch;
    const data = { x: slice(x, 0, size), y: slice(y, 0, size) };
    return RUNNERS.map((runner) => {
      const manager = managerOf(pair, kind === 'stored' ? store : teacher, runner);
      return variant(pair.name, runner, kind, async (epochs) => {
        const start = performance.now();
        await manager.fit(data, { batchSize: pair.batch, epochs });
        return (performance.now() - start) / (epochs * steps);
      });
    });
  });
}

function managerOf(pair: Pair, teacher: TeacherLike, runner: (typeof RUNNERS)[number]): CompressionManager {
  return prepareCompression(pair.student(), {
    teacher,
    criterion: pair.criterion(),
    optimizer: train.adam(1e-3),
    stepRunner: runner === 'eager' ? 'eager' : 'compiled',
    ...(runner === 'compiled ×8' && { stepsPerCall: 8 }),
    ...(runner === 'split' && { plugins: [throughJavaScript] }),
  });
}

/** What an all-reduce does to a step: every gradient is read, and replaced by another that is uploaded. */
const throughJavaScript: Plugin = {
  name: 'through JavaScript',
  traceable: false,
  onBeforeOptimizerStep: (grads) =>
    Object.fromEntries(
      Object.entries(grads).map(([name, grad]) => [name, tensor(grad.dataSync(), grad.shape)]),
    ),
};

function variant(
  pair: Pair['name'],
  label: string,
  teacher: Variant['teacher'],
  run: Variant['run'],
): Variant {
  return { pair, label, teacher, run, times: [], epochs: 1 };
}

/** The peers of an interpreter: it says on its first line which it has, then times what it is told. */
async function theirs(python: string): Promise<Variant[]> {
  const script = fileURLToPath(new URL('step_peers.py', import.meta.url));
  const child: ChildProcessWithoutNullStreams = spawn(python, [script]);
  child.stderr.resume();
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => String((await lines.next()).value);
  const { has } = JSON.parse(await answer()) as { has: Pair['name'][] };
  process.once('exit', () => child.kill());
  return has.flatMap((pair) =>
    TEACHERS.map((teacher) =>
      variant(pair, pair === 'keras' ? 'Keras fit' : 'PyTorch', teacher, async (epochs) => {
        const batches = BATCHES[pair][teacher];
        child.stdin.write(`${JSON.stringify({ pair, teacher, epochs, batches })}\n`);
        return Number(await answer());
      }),
    ),
  );
}

function report(variants: readonly Variant[]): void {
  const ms = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  const cell = ({ times }: Variant) => `${ms(quantile(times, 0.5))} (${ms(Math.min(...times))})`;
  console.log(`${'ms a step'.padEnd(24)}${TEACHERS.map((name) => name.padStart(18)).join('')}`);
  for (const pair of ['keras', 'torch'] as const) {
    const rows = variants.filter((each) => each.pair === pair);
    for (const label of new Set(rows.map((row) => row.label))) {
      const cells = TEACHERS.map((teacher) => {
        const found = rows.find((row) => row.label === label && row.teacher === teacher);
        return (found ? cell(found) : '–').padStart(18);
      });
      console.log(`${`${pair}: ${label}`.padEnd(24)}${cells.join('')}`);
    }
  }
}

/** Ours ÷ theirs, by the median of the rounds' own ratios: slow spells of the machine fall on both. */
function ratio(variants: readonly Variant[], pair: Pair['name'], teacher: Variant['teacher']): string {
  const find = (label: string) =>
    variants.find((each) => each.pair === pair && each.teacher === teacher && each.label === label);
  const peer = find(pair === 'keras' ? 'Keras fit' : 'PyTorch');
  const our = find('compiled ×8');
  if (!peer || !our) return 'unknown: pass --python';
  const ratios = our.times.map((time, i) => time / (peer.times[i] as number));
  return quantile(ratios, 0.5).toFixed(2);
}

await selectEngine({ engine: 'tensorflow' });
const pairs = PAIRS.filter(({ name }) => args.only === undefined || args.only === name);
const variants = [...pairs.flatMap(ours), ...(await Promise.all(args.python.map(theirs))).flat()].filter(
  ({ pair }) => args.only === undefined || args.only === pair,
);
for (let round = 0; round <= Number(args.rounds); round++) {
  for (const each of variants) {
    const time = await each.run(each.epochs);
    if (round > 0) each.times.push(time);
    else {
      const epoch = time * BATCHES[each.pair][each.teacher];
      each.epochs = Math.max(1, Math.round((Number(args.seconds) * 1000) / epoch));
    }
  }
  process.stderr.write(`round ${round} of ${args.rounds}\n`);
}
report(variants);
for (const teacher of [...TEACHERS].reverse()) {
  const suffix = teacher === 'live' ? '-live' : '';
  console.log(`vs-keras${suffix} ${ratio(variants, 'keras', teacher)}`);
  console.log(`vs-torch${suffix} ${ratio(variants, 'torch', teacher)}`);
}
process.exit(0);
