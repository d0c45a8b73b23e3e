/**
 * A training loop of one's own, before and after six added lines; the difference, and what it gives.
 *
 *   npm run example:own-loop              1,000 labelled digits
 *   npm run example:own-loop -- --full    10,000 of them, 3 seeds
 */
import { readFile } from 'node:fs/promises';
import { batchSource } from '@tfjs-distill/core';
import { evaluateModel, type SampleTensors } from '@tfjs-distill/node';
import { createTwoFilesPatch } from 'diff';
import { smallNet } from '../compression-manager/smallNet.js';
import { mnistSamples } from '../example/mnistSamples.js';
import { runExample, say } from '../example/runExample.js';
import { trainLoop as after } from './after.js';
import { trainLoop as before } from './before.js';

const BATCH = 32;

await runExample({
  name: 'own-loop',
  description: 'A training loop of one’s own, and the six lines that distil in it.',
  run: async ({ full, data, ...options }) => {
    const images = options.images ?? (full ? 10_000 : 1000);
    const epochs = options.epochs ?? (full ? 10 : 15);
    const seeds = Array.from({ length: options.seeds ?? (full ? 3 : 1) }, (_, i) => i + 1);
    const { train, test } = await mnistSamples(images, 10_000, data);
    say(await difference());

    const rows = [];
    for (const [name, loop] of [
      ['the loop as it was', before],
      ['with six more lines', after],
    ] as const) {
      const values: number[] = [];
      for (const seed of seeds) {
        const student = smallNet(seed);
        await loop(student, (epoch) => batches(train, seed, epoch), epochs);
        const { accuracy } = await evaluateModel(student, test, { latency: false });
        say(`${name}, seed ${seed}: ${(100 * accuracy).toFixed(2)} %`);
        values.push(100 * accuracy);
        student.dispose();
      }
      rows.push({ name, values });
    }
    return { measure: 'test accuracy, %', seeds, settings: { images, epochs, batch: BATCH }, rows };
  },
});

/** Both loops as a unified diff. */
async function difference(): Promise<string> {
  const [old, added] = await Promise.all(
    ['before.ts', 'after.ts'].map((file) => readFile(new URL(file, import.meta.url), 'utf8')),
  );
  return createTwoFilesPatch('before.ts', 'after.ts', old ?? '', added ?? '', '', '', { context: 20 });
}

async function* batches(data: SampleTensors, seed: number, epoch: number) {
  for await (const { batch, free } of batchSource(data, { batchSize: BATCH, shuffle: true, seed }).epoch(
    epoch,
  )) {
    try {
      yield { x: batch.x as SampleTensors['x'], y: batch.y! };
    } finally {
      free();
    }
  }
}
