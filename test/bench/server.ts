/**
 * One teacher behind `distill serve` for 1, 4 and 16 students, with and without merging what they ask.
 *
 *   npm run bench -- server [--samples 8] [--seconds 5] [--rounds 3]
 *
 * The server is a process of its own: the shipped MNIST teacher on WebAssembly. Students are in up to four processes,
 * four in each; each asks about 8 images, waits, and asks again. Without merging a request has the 8 samples of one
 * student; with it up to 64 of several, put together in the students' processes and again in the server. A row is the
 * median of the rounds, which alternate. Every answer is compared with the first about the same images.
 * Ends with `merging R1 R4 R16`: samples a second with merging ÷ without, for 1, 4 and 16 students.
 */
import { parseArgs } from 'node:util';
import { quantile } from '@tfjs-distill/core';
import { getBorderCharacters, table } from 'table';
import { load, type Load } from '../scale/server/load.js';
import { freePort, serverProcess, SHAPE } from '../scale/server/serverProcess.js';

const { values: args } = parseArgs({
  options: {
    samples: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
  },
});
const [samples, seconds, rounds] = [Number(args.samples), Number(args.seconds), Number(args.rounds)];
const STUDENTS = [
  [1, 1],
  [2, 2],
  [4, 4],
] as const;

async function measured(processes: number, students: number, merged: boolean) {
  const most = merged ? 64 : samples;
  const server = await serverProcess(await freePort(), '--batch-size', String(most));
  try {
    const options = { batchSize: most, timeout: 60_000 };
    const found = await load(processes, {
      url: server.url,
      students,
      samples,
      seconds,
      shape: SHAPE,
      options,
    });
    if (found.wrong > 0) throw new Error(`${found.wrong} of ${found.asks} answers are wrong.`);
    const stats = await server.stats();
    return { ...found, perBatch: stats.samples / stats.batches };
  } finally {
    await server.kill();
  }
}

type Measured = Load & { readonly perBatch: number };

function row(students: number, merged: boolean, of: readonly Measured[]): string[] {
  const middle = (value: (one: Measured) => number) => quantile(of.map(value), 0.5);
  return [
    String(students),
    merged ? 'yes' : 'no',
    middle(({ asksPerSecond }) => asksPerSecond).toFixed(0),
    (samples * middle(({ asksPerSecond }) => asksPerSecond)).toFixed(0),
    middle(({ p50 }) => p50).toFixed(1),
    middle(({ p99 }) => p99).toFixed(1),
    middle(({ perBatch }) => perBatch).toFixed(1),
  ];
}

const rows = [['students', 'merged', 'requests/s', 'samples/s', 'p50 ms', 'p99 ms', 'samples a batch']];
const ratios: number[] = [];
for (const [processes, students] of STUDENTS) {
  const [alone, merged]: [Measured[], Measured[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    alone.push(await measured(processes, students, false));
    merged.push(await measured(processes, students, true));
  }
  const pairs = merged.map((one, i) => one.asksPerSecond / (alone[i]?.asksPerSecond ?? NaN));
  ratios.push(quantile(pairs, 0.5));
  rows.push(row(processes * students, false, alone), row(processes * students, true, merged));
}
console.log(
  table(rows, {
    border: getBorderCharacters('norc'),
    drawHorizontalLine: (i, n) => i < 2 || i === n,
  }).trimEnd(),
);
console.log(`merging ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`);
