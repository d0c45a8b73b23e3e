import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StoreHeaderInput } from '@tfjs-distill/core';
import { createTeacherStore } from '@tfjs-distill/node';
import { describe, it } from 'vitest';
import { mutants } from '../../node/store/mutants.js';

const base: StoreHeaderInput = { teacher: 'aa11', dataset: 'bb22', classes: 5 };

describe('a damaged store', () => {
  it.each<[string, StoreHeaderInput]>([
    ['logits', base],
    ['float16 probabilities', { ...base, kind: 'probabilities', dtype: 'float16', temperature: 4 }],
    ['the top of the logits', { ...base, kind: 'topK', k: 2, temperature: 2 }],
  ])('of %s is refused or right in each of 4,000 mutations', async (_, header) => {
    const folder = await mkdtemp(join(tmpdir(), 'distill-fuzz-'));
    const writer = await createTeacherStore(folder, header, { shardBytes: 200 });
    const ids = Int32Array.from({ length: 25 }, (_, i) => i);
    await writer.append({ ids, logits: Float32Array.from({ length: 125 }, (_, i) => Math.sin(i) * 9) });
    await writer.close();
    await mutants(folder, { runs: 4000, seed: 7 });
  });
});
