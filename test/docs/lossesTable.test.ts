import { readFileSync } from 'node:fs';
import * as losses from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { LOSSES_PAGE, lossesPage, methodNotes } from './lossesTable.js';

describe('docs/losses.md', () => {
  it('is what `node scripts/lossesTable.mjs` writes', async () => {
    expect(readFileSync(LOSSES_PAGE, 'utf8')).toBe(await lossesPage());
  });

  it('has every criterion once, with exports that exist', () => {
    const notes = methodNotes();
    expect(notes.map(({ type }) => type).sort()).toEqual(Object.keys(losses.criteria).sort());
    for (const { type, criterion, loss } of notes) {
      expect(losses[criterion as 'kdLoss'], criterion).toBe(losses.criteria[type]);
      expect(typeof losses[loss as 'kdLoss'], loss).toBe('function');
    }
  });
});
