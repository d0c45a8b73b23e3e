import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTeacherStore, openTeacherStore } from '@tfjs-distill/node';
import { type StoreHeaderInput } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';

const header: StoreHeaderInput = { teacher: 'aa11', dataset: 'bb22', classes: 3 };
const newFolder = () => mkdtemp(join(tmpdir(), 'distill-store-'));

describe('a store on disk', () => {
  it('gives back what was written, bit for bit, whatever the order', async () => {
    const folder = await newFolder();
    const writer = await createTeacherStore(folder, header, { shardBytes: 40 });
    await writer.append({ ids: Int32Array.of(4, 0, 9), logits: Float32Array.of(1, -2, 3.5, 0, 1e-7, -1e6, 7, 8, 9) });
    await writer.close();
    for (const memory of [0, 1e6]) {
      const store = await openTeacherStore(folder, { teacher: 'aa11' }, { memory });
      const { logits } = await store.rows(Int32Array.of(9, 4, 9, 0));
      expect(await logits.array()).toEqual([[7, 8, 9], [1, -2, 3.5], [7, 8, 9], [0, Math.fround(1e-7), -1e6]]);
      store.dispose();
    }
  });
});
