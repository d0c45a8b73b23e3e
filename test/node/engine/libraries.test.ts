import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { librarySums, reuseLibraries } from '../../../packages/node/src/engine/install/libraries.js';
import { type InstalledEngine } from '../../../packages/node/src/engine/installed.js';

const LIBRARY = 'tensorflow/libtensorflow_cc.so.2';
const HEADER = 'tensorflow/include/tensorflow/c/c_api.h';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'distill-libraries-'))));
afterEach(() => rm(folder, { recursive: true }));

/** An engine in a folder of its own, with the sums of its files. */
async function engine(): Promise<InstalledEngine> {
  const directory = path.join(folder, 'engine');
  for (const file of [LIBRARY, HEADER, 'node_modules/tfjs/index.js', 'tfjs_binding.node']) {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), file);
  }
  const files = await librarySums(directory);
  const facts = { name: 'tensorflow', tensorflow: '2.21.0', recipe: 2 } as const;
  return { ...facts, wheels: [], files, directory, binding: path.join(directory, 'tfjs_binding.node') };
}

const stage = () => path.join(folder, 'stage');

describe('the libraries of an engine that is repaired', () => {
  it('are taken over where they are whole, and nothing else', async () => {
    expect(await reuseLibraries(await engine(), stage())).toBe(true);
    expect(await readdir(stage())).toEqual(['tensorflow']);
    for (const file of [LIBRARY, HEADER]) {
      expect(await readFile(path.join(stage(), file), 'utf8')).toBe(file);
    }
  });

  it('take the place of what an interrupted repair left', async () => {
    await mkdir(path.dirname(path.join(stage(), LIBRARY)), { recursive: true });
    await writeFile(path.join(stage(), LIBRARY), 'half of it');
    await reuseLibraries(await engine(), stage());
    expect(await readFile(path.join(stage(), LIBRARY), 'utf8')).toBe(LIBRARY);
  });

  it.each([
    ['damaged', (file: string) => writeFile(file, 'other bytes')],
    ['gone', (file: string) => rm(file)],
  ])('are left alone where one is %s', async (_, spoil) => {
    const installed = await engine();
    await spoil(path.join(installed.directory, HEADER));
    expect(await reuseLibraries(installed, stage())).toBe(false);
    await expect(readdir(stage())).rejects.toThrow(/ENOENT/);
  });

  it('are left alone where nobody knows what they were', async () => {
    expect(await reuseLibraries({ ...(await engine()), files: {} }, stage())).toBe(false);
  });
});
