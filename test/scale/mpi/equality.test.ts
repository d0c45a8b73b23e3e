import { type EngineName } from '@tfjs-distill/node/engine';
import { beforeAll, describe, expect, it } from 'vitest';
import { readInstalled } from '../../../packages/node/src/engine/installed.js';
import { MPIRUN, titled } from '../tools.js';
import { difference, trained } from './trained.js';
import { type RankOptions, type RankOutcome } from './trainRank.js';

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
] as const)('on %s', (name, cases, isThere) => {
  const engine = (/^\w+/.exec(name)?.[0] ?? '') as EngineName;
  let alone: RankOutcome[];
  const options = cases.map(([, given]) => ({ ...given, engine }));

  describe.skipIf(NO_MPI || !isThere)(titled('the ranks of mpirun', MPIRUN, 'openmpi-bin'), () => {
    beforeAll(async () => {
      alone = await trained(0, options);
    });

    describe.each([2, 4])('%d of them come to the weights and losses of one process', (ranks) => {
      let together: RankOutcome[];
      beforeAll(async () => {
        together = await trained(ranks, options);
      });

      it.each(cases.map(([title], i) => [title, i] as const))('by %s', (_, i) => {
        expect(difference(alone[i]!, together[i]!)).toBeLessThan(1e-5);
        expect(together[i]!.steps).toBe(alone[i]!.steps);
        for (const [epoch, row] of alone[i]!.logs.entries())
          for (const [key, value] of Object.entries(row))
            expect(together[i]!.logs[epoch]![key], key).toBeCloseTo(value, 5);
      });

      it.runIf(engine === 'tensorflow')('in compiled steps, split at the reduction', () => {
        const [report] = together.map((outcome) => outcome.report);
        expect(report!.compiled).toBeGreaterThan(report!.eager);
      });
    });
  });
});
