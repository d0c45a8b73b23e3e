import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkSpace } from '../../../packages/node/src/engine/install/checkSpace.js';
import { nativePlatform } from '../../../packages/node/src/engine/install/platform.js';
import { findTools } from '../../../packages/node/src/engine/install/tools.js';

describe('the platform', () => {
  it('has a wheel on Linux and on a Mac with its own chip', () => {
    const linux = { platform: 'linux', arch: 'x64', glibc: '2.36' };
    expect(nativePlatform(linux).wheel).toEqual({ cpu: 'tensorflow-cpu', gpu: 'tensorflow' });
    expect(nativePlatform({ ...linux, arch: 'arm64' }).wheel).toEqual({ cpu: 'tensorflow' });
    expect(nativePlatform({ platform: 'darwin', arch: 'arm64', glibc: undefined }).libraries[0]).toMatch(
      /dylib$/,
    );
  });

  it.each([
    [
      { platform: 'win32', arch: 'x64', glibc: undefined },
      'No TensorFlow library is published for win32-x64 (only',
    ],
    [
      { platform: 'linux', arch: 'x64', glibc: undefined },
      'TensorFlow needs glibc, and this Linux has another',
    ],
    [{ platform: 'linux', arch: 'x64', glibc: '2.17' }, 'TensorFlow needs glibc 2.27, this is 2.17.'],
  ])('%j is refused, and told that wasm runs', (machine, message) => {
    expect(() => nativePlatform(machine)).toThrow(message);
    expect(() => nativePlatform(machine)).toThrow('The wasm engine runs here, without installation.');
  });
});

describe('the tools', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'distill-tools-'));
    vi.stubEnv('PATH', folder);
    vi.stubEnv('CXX', undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  async function provide(...names: string[]): Promise<void> {
    for (const name of names) {
      await writeFile(path.join(folder, name), '#!/bin/sh\nexit 0\n');
      await chmod(path.join(folder, name), 0o755);
    }
  }

  it('that are missing are named, all in one error, with what to type', async () => {
    await expect(findTools()).rejects.toMatchObject({
      code: 'ENGINE',
      message: expect.stringMatching(
        /pip \(Debian.*, a C\+\+ compiler \(Debian.*apt install g\+\+.*, and npm .*wasm engine/,
      ) as unknown,
    });
  });

  it.each([
    [['c++', 'npm'], /needs pip \([^)]*\)\. /],
    [['python3', 'npm'], /needs a C\+\+ compiler \([^)]*\)\. /],
    [['python3', 'c++'], /needs npm \([^)]*\)\. /],
  ])('%j are not enough, and only the missing one is named', async (names, message) => {
    await provide(...names);
    await expect(findTools()).rejects.toThrow(message);
  });

  it('are found under their other names', async () => {
    await provide('pip', 'clang++', 'npm');
    expect(await findTools()).toEqual({ pip: ['pip'], compiler: ['clang++'], npm: ['npm'] });
  });

  it('may be named by CXX, with its flags', async () => {
    await provide('python3', 'c++', 'ccache', 'npm');
    vi.stubEnv('CXX', 'ccache g++');
    expect((await findTools()).compiler).toEqual(['ccache', 'g++']);
  });

  it('that are there but do not run are missing', async () => {
    await provide('c++', 'npm');
    await writeFile(path.join(folder, 'python3'), '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n', {
      mode: 0o755,
    });
    await expect(findTools()).rejects.toThrow(/needs pip/);
  });
});

describe('the disk', () => {
  it('that is too full is refused before anything is fetched', async () => {
    await expect(checkSpace(os.tmpdir(), 1e18)).rejects.toThrow(
      /^engine install: The installation needs 1000000000\.0 GB of disk, and .* has [\d.]+ GB left\. Free some space, or set DISTILL_CACHE/,
    );
    await expect(checkSpace(os.tmpdir(), 1)).resolves.toBeUndefined();
  });
});
