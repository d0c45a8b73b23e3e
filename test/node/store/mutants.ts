import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DistillError, type TeacherStore } from '@tfjs-distill/core';
import { openTeacherStore } from '@tfjs-distill/node';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect } from 'vitest';

export interface MutationOptions {
  readonly runs: number;
  readonly seed: number;
}

/**
 * Damages files of a store in every way that disks and people do, and opens it: either it is refused with one of our
 * errors, or every row is what it was. Nothing else may happen. Leaves the folder as it was.
 */
export async function mutants(folder: string, { runs, seed }: MutationOptions): Promise<void> {
  const random = xoroshiro128plus(seed);
  const below = (limit: number) => uniformInt(random, 0, Math.max(0, limit - 1));
  const files = (await readdir(folder)).sort();
  const whole = await Promise.all(files.map((file) => readFile(join(folder, file))));
  const good = await openTeacherStore(folder);
  const ids = idsIn(good);
  const wanted = await allRows(good, ids);
  good.dispose();
  let refused = 0;
  for (let run = 0; run < runs; run++) {
    const at = below(files.length);
    const original = whole[at] ?? Buffer.alloc(0);
    const damaged = damage(original, below);
    if (damaged.equals(original)) continue;
    const path = join(folder, files[at] ?? '');
    await writeFile(path, damaged);
    const memory = below(2) * 1e9;
    const found = await openTeacherStore(folder, {}, { memory }).catch((error: unknown) => error);
    if (isStore(found)) {
      expect(await allRows(found, ids), `run ${run}, ${path}`).toEqual(wanted);
      found.dispose();
    } else {
      expect(found, `run ${run}, ${path}`).toBeInstanceOf(DistillError);
      refused += 1;
    }
    await writeFile(path, original);
  }
  expect(refused).toBeGreaterThan(runs / 2);
}

/** Bits flipped, bytes written over, cut off, cut out, doubled, added, zeroed. */
function damage(bytes: Buffer, below: (limit: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const [from, length] = [below(bytes.length), 1 + below(64)];
  const noise = Buffer.from(Array.from({ length }, () => below(256)));
  switch (below(7)) {
    case 0:
      copy[from] = (copy[from] ?? 0) ^ (1 << below(8));
      return copy;
    case 1:
      noise.copy(copy, from);
      return copy;
    case 2:
      return copy.subarray(0, from);
    case 3:
      return Buffer.concat([copy.subarray(0, from), copy.subarray(from + length)]);
    case 4:
      return Buffer.concat([copy, copy.subarray(from)]);
    case 5:
      return Buffer.concat([copy.subarray(0, from), noise, copy.subarray(from)]);
    default:
      return copy.fill(0, from, Math.min(from + length, copy.length));
  }
}

function isStore(found: unknown): found is TeacherStore {
  return typeof found === 'object' && found !== null && 'rows' in found;
}

/** The stores of these tests number their samples from 0. */
function idsIn(store: TeacherStore): Int32Array {
  return Int32Array.from({ length: 100 }, (_, id) => id).filter((id) => store.has(Int32Array.of(id)));
}

async function allRows(store: TeacherStore, ids: Int32Array): Promise<Float32Array> {
  const { logits } = await store.rows(ids);
  const values = await logits.data<'float32'>();
  logits.dispose();
  return values;
}
