import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FilePool } from '../../../packages/node/src/store/FilePool.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'distill-files-'));

/** Every look at the clock is half a second later, so that the disk seems slow. */
function slowClock(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 500));
}

describe('FilePool', () => {
  it.each(['at once', 'in the background'])(
    'reads parts of more files than it keeps open, %s',
    async (how) => {
      if (how === 'in the background') slowClock();
      const folder = await newFolder();
      const paths = Array.from({ length: 300 }, (_, i) => join(folder, String(i)));
      await Promise.all(paths.map((path, i) => writeFile(path, Uint8Array.of(0, 1, i % 256, 3))));
      const files = new FilePool();
      for (let round = 0; round < 2; round++) {
        const parts = paths.map((path) => ({ path, position: 1, target: new Uint8Array(2) }));
        await files.readAll(parts);
        parts.forEach(({ target }, i) => expect([...target]).toEqual([1, i % 256]));
      }
      const open = await readdir('/proc/self/fd').catch(() => []); // Linux alone can tell
      expect(open.length).toBeLessThan(300);
      files.dispose();
    },
  );

  it.each(['at once', 'in the background'])(
    'says which file is missing or ends too early, read %s',
    async (how) => {
      if (how === 'in the background') slowClock();
      const folder = await newFolder();
      const [path, none] = [join(folder, 'short'), join(folder, 'none')];
      await writeFile(path, Uint8Array.of(1, 2, 3));
      const files = new FilePool();
      const target = new Uint8Array(4);
      const read = async (from: string) => files.readAll([{ path: from, position: 1, target }]);
      await expect(read(path)).rejects.toThrow(`${path}: The file cannot be read: it ends 2 bytes early.`);
      await expect(read(none)).rejects.toThrow(/none: .*ENOENT/);
      files.dispose();
    },
  );

  it('is done where there is nothing to read while it reads in the background', async () => {
    slowClock();
    const path = join(await newFolder(), 'some');
    await writeFile(path, Uint8Array.of(1));
    const files = new FilePool();
    await files.readAll([{ path, position: 0, target: new Uint8Array(1) }]);
    const outcome = await Promise.race([
      files.readAll([]),
      new Promise((late) => setTimeout(late, 200, 'never')),
    ]);
    expect(outcome).toBeUndefined();
    files.dispose();
  });
});
