/**
 * Labelling on a queue and data-parallel training on 1, 2 and 4 processes of this machine, one thread each, beside what
 * the cost model predicts.
 *
 *   npm run bench -- scale [--rounds 3] [--seconds 5]
 *
 * A round measures 1, 2 and 4 processes in turn, so that what else the machine does falls on all. Labelling: what
 * `labelling.ts` says. Training: the student `small-cnn` on stored answers, 64 samples a step on each process, on
 * WebAssembly. Speeds are the medians of the rounds, efficiencies and errors the medians of the ratios within a round.
 * The prediction is made of parts that `distill plan` measures in one process at the start of each round, and of sums
 * of two ranks without training: nothing of it has seen how 2 or 4 processes do. Those beyond this machine's cores
 * share them.
 * Ends with `labelling-efficiency R1 training-efficiency R2`: speed of 2 processes ÷ (2 · speed of 1).
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { quantile } from '@tfjs-distill/core';
import { type CostModel, labellingCost, trainingCost } from '@tfjs-distill/node/scaling';
import { getBorderCharacters, table } from 'table';
import { LABELLING, LABELLING_CONFIG, labellingSpeed } from './scale/labelling.js';
import { measuredModel, measuredNetwork } from './scale/measuredModel.js';
import { trainingSpeed } from './scale/training.js';

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
  },
});
const [rounds, seconds] = [Number(args.rounds), Number(args.seconds)];
const PROCESSES = [1, 2, 4] as const;
const CORES = os.availableParallelism();
/** So many samples that shards come out even. */
const MANY = 1e9;

interface Work {
  readonly name: string;
  /** Parts of one process, as `distill plan` finds them now. */
  readonly model: () => Promise<CostModel>;
  /** Samples a second of so many processes. */
  readonly measured: (processes: number) => Promise<number>;
  readonly predicted: (model: CostModel, processes: number) => number;
}

interface Round {
  /** By processes. */
  readonly measured: readonly number[];
  readonly predicted: readonly number[];
}

async function roundOf({ name, model, measured, predicted }: Work, round: number): Promise<Round> {
  const say = (what: string) => process.stderr.write(`\r${name}, round ${round} of ${rounds}: ${what}      `);
  say('parts');
  const parts = await model();
  const speeds: number[] = [];
  for (const processes of PROCESSES) {
    say(`${processes} processes`);
    speeds.push(await measured(processes));
  }
  process.stderr.write('\r');
  return { measured: speeds, predicted: PROCESSES.map((processes) => predicted(parts, processes)) };
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Speed ÷ (processes · speed of one process in the same round). */
const efficiency = (found: readonly Round[], i: number): number =>
  median(found.map(({ measured: [one = NaN, ...more] }) => [one, ...more][i]! / (PROCESSES[i]! * one)));

function rowsOf(name: string, found: readonly Round[]): string[][] {
  return PROCESSES.map((processes, i) => [
    name,
    String(processes),
    median(found.map(({ measured }) => measured[i]!)).toFixed(0),
    efficiency(found, i).toFixed(3),
    median(found.map(({ predicted }) => predicted[i]!)).toFixed(0),
    `${(100 * (median(found.map(({ measured, predicted }) => predicted[i]! / measured[i]!)) - 1)).toFixed(1)} %`,
  ]);
}

/** The same steps as `trainingRank.ts` takes. */
const TRAINING_CONFIG = {
  ...LABELLING_CONFIG,
  student: 'small-cnn',
  criterion: { type: 'kd', temperature: 4, alpha: 0.5 },
  training: { epochs: 1, batchSize: 64, learningRate: 1e-3 },
};

const network = await measuredNetwork();
const works: readonly Work[] = [
  {
    name: 'labelling',
    model: () => measuredModel(LABELLING_CONFIG, LABELLING),
    measured: async (workers) => (await labellingSpeed({ workers, seconds })).rowsPerSecond,
    predicted({ labelling }, workers) {
      // rows are counted while all workers are at work: without their start, and before the merge
      const parts = { ...labelling!, startSeconds: 0, mergeSeconds: 0 };
      return MANY / labellingCost(parts, { samples: MANY, workers, slots: CORES }).seconds;
    },
  },
  {
    name: 'training',
    model: () => measuredModel(TRAINING_CONFIG, { engine: 'wasm' }),
    measured: async (ranks) => (await trainingSpeed({ ranks, seconds })).samplesPerSecond,
    predicted({ training }, workers) {
      const parts = { ...training, startSeconds: 0 };
      const work = { samples: MANY, workers, batch: 'own', slots: CORES } as const;
      return MANY / trainingCost(parts, network, work)!.seconds;
    },
  },
];

const rows = [['', 'processes', 'samples/s', 'efficiency', 'predicted', 'error']];
const efficiencies: string[] = [];
for (const work of works) {
  const found: Round[] = [];
  for (let round = 1; round <= rounds; round++) found.push(await roundOf(work, round));
  rows.push(...rowsOf(work.name, found));
  efficiencies.push(`${work.name}-efficiency ${efficiency(found, 1).toFixed(3)}`);
}
const { latencySeconds, secondsPerByte } = network;
console.log(
  `${CORES} cores, load ${os.loadavg()[0]?.toFixed(1)}; a message between ranks ${(1e6 * latencySeconds).toFixed(1)} µs, ${(1e-9 / secondsPerByte).toFixed(2)} GB/s`,
);
const border = getBorderCharacters('norc');
console.log(table(rows, { border, drawHorizontalLine: (i, n) => i < 2 || i === n }).trimEnd());
console.log(efficiencies.join(' '));
