import { describe, expect, it } from 'vitest';
import { addedSize, bundleSize, CORE, INJECTED } from '../bench/bundleSize.js';
import { methodNotes, recordedSizes } from './lossesTable.js';

/** Gzipped bytes that core and knowledge distillation may add to a page beside TensorFlow.js. */
const BUDGET = 45_000;
/** A record may be off by so much before it has to be measured anew. */
const STALE = 1_500;

describe('what a page loads', () => {
  it('stays within the budget', async () => {
    const core = await bundleSize(CORE);
    expect(core).toBeLessThan(BUDGET);
    expect(core).toBeGreaterThan(20_000); // the bundle is whole
    expect(Math.abs(core - recordedSizes().core), 'npm run bench -- size --record').toBeLessThan(STALE);
  });

  it('has inversify only if the page imports core’s di folder', async () => {
    expect(await bundleSize(INJECTED)).toBeGreaterThan((await bundleSize(CORE)) + 15_000);
    expect(await bundleSize(CORE, ['inversify', 'reflect-metadata'])).toBe(await bundleSize(CORE));
  });

  it('has a criterion only if the page names it', async () => {
    const core = await bundleSize(CORE);
    const { added } = recordedSizes();
    expect(Object.keys(added).sort()).toEqual(
      methodNotes()
        .map(({ type }) => type)
        .sort(),
    );
    const [type, largest] = Object.entries(added).sort(([, a], [, b]) => b - a)[0]!;
    const { criterion } = methodNotes().find((note) => note.type === type)!;
    expect(await addedSize('logitsMse', core)).toBeLessThan(1_000);
    expect(Math.abs((await addedSize(criterion, core)) - largest)).toBeLessThan(STALE);
  });
});
