/**
 * A training loop of one's own, before and after six added lines; the difference, and what it gives.
 *
 *   npm run example:own-loop              1,000 labelled digits
 *   npm run example:own-loop -- --full    10,000 of them, 3 seeds
 */
import { readFile } from 'node:fs/promises';
import { evaluateModel } from '@tfjs-distill/node';
import { createTwoFilesPatch } from 'diff';
import { smallNet } from '../compression-manager/smallNet.js';
import { digitsPlan } from '../example/digitsPlan.js';
import { drawBatches } from '../example/drawBatches.js';
import { mnistSamples } from '../example/mnistSamples.js';
import { seedsOf } from '../example/planOf.js';
import { runExample, say } from '../example/runExample.js';
import { trainLoop as after } from './after.js';
import { trainLoop as before } from './before.js';

const BATCH = 32;

await runExample({
  name: 'own-loop',
  description: 'A training loop of one’s own, and the six lines that distil in it.',
  run: async (options) => {
    const plan = digitsPlan(options);
    const { images, epochs } = plan;
    const seeds = seedsOf(plan);
    const { train, test } = await mnistSamples(images, plan.testImages, options.data);
    say(await difference());

    const rows = [];
    for (const [name, loop] of [
      ['the loop as it was', before],
      ['with six more lines', after],
    ] as const) {
      const values: number[] = [];
      for (const seed of seeds) {
        const student = smallNet(seed);
        await loop(student, (epoch) => drawBatches(train, { batchSize: BATCH, seed, epoch }), epochs);
        const { accuracy } = await evaluateModel(student, test, { latency: false });
        say(`${name}, seed ${seed}: ${(100 * accuracy).toFixed(2)} %`);
        values.push(100 * accuracy);
        student.dispose();
      }
      rows.push({ name, values });
    }
    return { measure: 'test accuracy, %', seeds, settings: { ...plan, batch: BATCH }, rows };
  },
});

/** Both loops as a unified diff. */
async function difference(): Promise<string> {
  const [old, added] = await Promise.all(
    ['before.ts', 'after.ts'].map((file) => readFile(new URL(file, import.meta.url), 'utf8')),
  );
  return createTwoFilesPatch('before.ts', 'after.ts', old ?? '', added ?? '', '', '', { context: 20 });
}
