import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FilePool } from '../../../packages/node/src/store/FilePool.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'distill-files-'));

describe('FilePool', () => {
  it('reads parts of more files than it keeps open', async () => {
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
  });

  it('says which file is missing or ends too early', async () => {
    const folder = await newFolder();
    const [path, none] = [join(folder, 'short'), join(folder, 'none')];
    await writeFile(path, Uint8Array.of(1, 2, 3));
    const files = new FilePool();
    const target = new Uint8Array(4);
    await expect(files.readAll([{ path, position: 1, target }])).rejects.toThrow(
      `${path}: The file cannot be read: it ends 2 bytes early.`,
    );
    await expect(files.readAll([{ path: none, position: 0, target }])).rejects.toThrow(/none: .*ENOENT/);
    files.dispose();
  });
});
