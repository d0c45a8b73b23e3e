import { columnsOf, DistillError, openShard, sealShard, type Shard, storeHeader } from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const header = storeHeader({ classes: 2, teacher: 'aa11', dataset: 'bb22' });
const ids = Int32Array.of(7, 3, 9);
const DIGEST = 32;

/** Ids at 8, logits at 24; what stands around them is Arrow's. */
async function sealed(): Promise<Uint8Array> {
  const stream = new Uint8Array(64);
  stream.set(new Uint8Array(ids.buffer), 8);
  stream.set(new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer), 24);
  return sealShard(stream, { header, samples: 3, offsets: { id: 8, logits: 24 } });
}

/** As a writer would seal it that made the mistake itself. */
async function resealed(bytes: Uint8Array): Promise<Uint8Array> {
  const body = bytes.subarray(0, -DIGEST);
  bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(body))), body.length);
  return bytes;
}

describe('openShard', () => {
  it('finds what was sealed, and where', async () => {
    const shard = await openShard(await sealed(), 'a.arrow');
    expect(shard).toMatchObject({ header, samples: 3, ids, offsets: { id: 8, logits: 24 } });
    expect(shard.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses every change of a bit and every other length', async () => {
    const good = await sealed();
    const change = fc.record({
      at: fc.nat(good.length - 1),
      bit: fc.nat(7),
      length: fc.option(fc.nat(good.length - 1)),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, bit, length }) => {
        const bytes = good.slice(0, length ?? good.length);
        if (length === null) bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        await expect(openShard(bytes, 'a.arrow')).rejects.toThrow(
          'a.arrow: The file of stored teacher outputs is truncated or damaged.',
        );
      }),
    );
  });

  it('keeps inside the file whatever a wrongly sealed index says', async () => {
    const good = await sealed();
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1 - DIGEST), fc.nat(255)), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (some) => {
        const bytes = good.slice();
        for (const [at, value] of some) bytes[at] = value;
        const found = await openShard(await resealed(bytes), 'a.arrow').catch((error: unknown) => error);
        if (found instanceof DistillError) return;
        const { samples, offsets, header: read, ids: readIds } = found as Shard;
        expect(readIds).toHaveLength(samples);
        for (const { name, width } of columnsOf(read)) {
          expect((offsets[name] ?? NaN) + samples * width * 2).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
