import { type EngineName } from '@tfjs-distill/node/engine';
import { describe, expect, it } from 'vitest';
import { readInstalled } from '../../../packages/node/src/engine/installed.js';
import { MPIRUN, titled } from '../tools.js';
import { difference, trained } from './trained.js';
import { type RankOptions } from './trainRank.js';

const NO_MPI = MPIRUN === undefined;
const FIFTY_STEPS = { samples: 320, batchSize: 64, epochs: 10 } as const;

const CASES: readonly (readonly [name: string, options: Omit<RankOptions, 'engine'>])[] = [
  ['fifty steps of SGD', FIFTY_STEPS],
  ['fifty steps of Adam', { ...FIFTY_STEPS, optimizer: 'adam' }],
  ['a last batch of another size', { ...FIFTY_STEPS, samples: 303, epochs: 4 }],
  ['a last batch with fewer samples than ranks', { ...FIFTY_STEPS, samples: 322, epochs: 4 }],
  ['batches that four ranks cannot share alike', { ...FIFTY_STEPS, batchSize: 30, epochs: 4 }],
  ['samples of which few have a label', { ...FIFTY_STEPS, labelled: 5, epochs: 4 }],
  ['samples that weigh differently', { ...FIFTY_STEPS, weights: true, epochs: 4 }],
  [
    'gradients gathered over steps, then clipped',
    {
      ...FIFTY_STEPS,
      samples: 303,
      plugins: [
        { type: 'gradient-accumulation', steps: 3 },
        { type: 'gradient-clipping', globalNorm: 0.01 },
      ],
      epochs: 4,
    },
  ],
  ['a loop of its own that draws its part', { ...FIFTY_STEPS, ownLoop: 'parts', epochs: 4 }],
];

const NATIVE = CASES.filter(([name]) => /Adam|label|gathered/.test(name));
const hasNative = (await readInstalled('cpu')) !== undefined;

const reason = hasNative ? '' : ' (skipped: no native TensorFlow here; `distill engine install`)';

describe.each([
  ['wasm', CASES, true],
  [`tensorflow${reason}`, NATIVE, hasNative],
] as const)('on %s', (engine, cases, isThere) => {
  it.skipIf(NO_MPI || !isThere).each(cases)(
    titled('two and four ranks come to the weights of one process: %s', MPIRUN, 'openmpi-bin'),
    async (_, given) => {
      const options = { ...given, engine: engine as EngineName };
      const alone = await trained(0, options);
      for (const ranks of [2, 4]) {
        const together = await trained(ranks, options);
        expect(difference(alone, together)).toBeLessThan(1e-5);
        expect(together.steps).toBe(alone.steps);
        for (const [epoch, row] of alone.logs.entries())
          for (const [name, value] of Object.entries(row))
            expect(together.logs[epoch]![name], name).toBeCloseTo(value, 5);
      }
    },
  );
});
