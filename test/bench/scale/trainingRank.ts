/** One process of a trial; the first one prints what was found as JSON. Started by `training.ts`. */
import { randomNormal, tensor1d, tensor2d, train } from '@tensorflow/tfjs-core';
import {
  initializeWeights,
  type Plugin,
  prepareCompression,
  quantile,
  type TeacherSource,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { type EngineName, selectEngine } from '@tfjs-distill/node/engine';
import { type Collective, dataParallel, worldCollective } from '@tfjs-distill/node/mpi';
import { openStudent } from '../../../packages/node/src/run/openStudent.js';

export interface TrainingSpeed {
  readonly ranks: number;
  /** Of all processes together. */
  readonly samplesPerSecond: number;
  readonly steps: number;
  /** Of one step, and of it the wait for the other processes and their sums. */
  readonly stepMilliseconds: number;
  readonly reductionMilliseconds: number;
  readonly parameters: number;
}

export interface ReductionTime {
  readonly floats: number;
  readonly milliseconds: number;
}

type Task =
  | {
      readonly task: 'train';
      readonly seconds?: number;
      readonly engine?: EngineName;
      readonly batchSize?: number;
    }
  | { readonly task: 'reduce'; readonly floats: readonly number[] };

const WARM_UP = 12;
const [SIDE, CLASSES, BATCHES] = [28, 10, 4];

const task = JSON.parse(process.argv[2] ?? '{}') as Task;
const ranks = worldCollective();
const found = task.task === 'reduce' ? task.floats.map(reductionTime) : await trainingSpeed(task);
if (ranks.rank === 0) process.stdout.write(`${JSON.stringify(found)}\n`);

function reductionTime(floats: number): ReductionTime {
  const numbers = new Float32Array(new ArrayBuffer(4 * floats));
  const times = Array.from({ length: 40 }, () => {
    numbers.fill(1);
    const began = performance.now();
    ranks.allReduceSum(numbers);
    return performance.now() - began;
  });
  return { floats, milliseconds: quantile(times.slice(10), 0.5) };
}

async function trainingSpeed({ seconds = 5, engine = 'wasm', batchSize = 64 }: Task & { task: 'train' }) {
  await selectEngine({ engine });
  const timed = withTimes(ranks);
  const student = await openStudent('small-cnn', { inputShape: [SIDE, SIDE, 1], classes: CLASSES, seed: 1 });
  initializeWeights(student, 1);
  const whole = batchSize * ranks.size;
  const [x, y] = [
    randomNormal([BATCHES * whole, SIDE, SIDE, 1]),
    tensor1d(
      Array.from({ length: BATCHES * whole }, (_, i) => i % CLASSES),
      'int32',
    ),
  ];
  const clock = { began: 0, steps: 0, seconds: 0, waited: 0 };
  const manager = prepareCompression(student, {
    teacher: storedAnswers(BATCHES * whole),
    criterion: knowledgeDistillation({ temperature: 4, alpha: 0.5 }),
    optimizer: train.adam(1e-3),
    plugins: [stopwatch(clock, seconds, timed), dataParallel(timed.ranks)],
  });
  await manager.fit({ x, y }, { batchSize: whole, epochs: 1_000_000 });
  return {
    ranks: ranks.size,
    samplesPerSecond: (clock.steps * whole) / clock.seconds,
    steps: clock.steps,
    stepMilliseconds: (1000 * clock.seconds) / clock.steps,
    reductionMilliseconds: clock.waited / clock.steps,
    parameters: student.countParams(),
  };
}

/** Counts steps from the end of the warm-up on, and ends the training. */
function stopwatch(
  clock: { began: number; steps: number; seconds: number; waited: number },
  seconds: number,
  timed: { total: number },
): Plugin {
  return {
    name: 'stopwatch',
    onStepEnd: ({ globalStep, stop }) => {
      const now = performance.now();
      if (globalStep === WARM_UP) Object.assign(clock, { began: now, waited: -timed.total });
      if (globalStep <= WARM_UP) return;
      clock.steps += 1;
      clock.seconds = (now - clock.began) / 1000;
      if (clock.seconds < seconds) return;
      clock.waited += timed.total;
      stop('enough');
    },
  };
}

/** The same ranks; how long their sums of many numbers took is kept. */
function withTimes(all: Collective): { ranks: Collective; total: number } {
  const timed = {
    total: 0,
    ranks: {
      rank: all.rank,
      size: all.size,
      broadcast: (values: Float32Array | Uint8Array) => all.broadcast(values),
      barrier: () => all.barrier(),
      abort: (reason: string) => all.abort(reason),
      allReduceSum: (values: Float32Array, meanwhile?: () => void) => {
        const began = performance.now();
        all.allReduceSum(values, meanwhile);
        timed.total += performance.now() - began;
      },
    },
  };
  return timed;
}

/** A teacher that has said everything: its answers lie in memory. */
function storedAnswers(samples: number): TeacherSource {
  const answers = randomNormal([samples, CLASSES]).arraySync() as number[][];
  return {
    name: 'stored',
    signature: { inputs: [[null, SIDE, SIDE, 1]], output: [null, CLASSES], features: {} },
    outputs: ({ ids }) => {
      const said = [...(ids ?? [])].map((id) => answers[id] ?? []);
      return { logits: tensor2d(said), features: {} };
    },
  };
}
