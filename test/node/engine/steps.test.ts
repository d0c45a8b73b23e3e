import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compileBinding } from '../../../packages/node/src/engine/install/compile.js';
import { stepFailure } from '../../../packages/node/src/engine/install/failures.js';
import { installJavaScript } from '../../../packages/node/src/engine/install/javascript.js';
import { nativePlatform } from '../../../packages/node/src/engine/install/platform.js';
import { placeBinding, placedCopies } from '../../../packages/node/src/engine/install/placeBinding.js';
import { type Command } from '../../../packages/node/src/engine/install/tools.js';
import { type InstalledEngine } from '../../../packages/node/src/engine/installed.js';
import { removeEngine } from '../../../packages/node/src/engine/removeEngine.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'distill-steps-'))));
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A program in the place of a compiler or npm. */
async function program(script: string): Promise<Command> {
  const file = path.join(folder, 'program.sh');
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return [file];
}

async function failureOf(step: string, work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no failure',
    (error: unknown) => stepFailure(step, error).message,
  );
}

const LINUX = nativePlatform({ platform: 'linux', arch: 'x64', glibc: '2.36' });
const compileWith = (compiler: Command) =>
  compileBinding({
    compiler,
    platform: LINUX,
    directory: folder,
    destination: '/final',
    packageName: '@tensorflow/tfjs-node',
  });

describe('compiling', () => {
  it('links the libraries by where they will lie, and by where they lie now', async () => {
    const log = path.join(folder, 'log');
    const compiler = await program(`echo "$@" >> ${log}; for last; do :; done; : > "$last"`);
    await compileWith(compiler);
    const line = (await readFile(log, 'utf8')).split('\n').find((text) => text.includes('tfjs_backend.cc'));
    expect(line).toContain('-Wl,-rpath,$ORIGIN/tensorflow -Wl,-rpath,/final/tensorflow');
    expect(line).toContain(`${folder}/tensorflow/libtensorflow_cc.so.2`);
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['quiet.node', 'tfjs_binding.node']));
  });

  it('leaves nothing that looks like a binding when the compiler fails, and tells its first error', async () => {
    const compiler = await program(
      'echo "a.cc:1:10: fatal error: node_api.h: No such file or directory" >&2; echo "compilation terminated." >&2; exit 1',
    );
    expect(await failureOf('compiling the binding', compileWith(compiler))).toBe(
      'engine install: Failed while compiling the binding: a.cc:1:10: fatal error: node_api.h: No such file or directory. ' +
        'Run the same command again: what is complete is kept.',
    );
    expect((await readdir(folder)).filter((name) => name.endsWith('.node'))).toEqual([]);
  });
});

describe("fetching tfjs-node's JavaScript", () => {
  const NAME = '@tensorflow/tfjs-node';

  it('tells what npm says when it fails, and starts anew the next time', async () => {
    const npm = await program(
      'mkdir node_modules; echo "npm error code ECONNREFUSED" >&2; echo "npm error FetchError: request failed" >&2; ' +
        'echo "npm error A complete log of this run can be found in: x" >&2; exit 1',
    );
    expect(await failureOf('fetching it', installJavaScript(npm, folder, NAME))).toMatch(
      /Failed while fetching it: npm error FetchError: request failed\./,
    );
    const counting = await program(
      'ls node_modules 2>/dev/null; mkdir -p node_modules && echo again > node_modules/x',
    );
    await installJavaScript(counting, folder, NAME);
    expect((await readdir(path.join(folder, 'node_modules'))).sort()).toEqual(['.complete', 'x']);
  });

  it('is not done twice', async () => {
    await installJavaScript(await program('mkdir node_modules'), folder, NAME);
    await installJavaScript(await program('exit 1'), folder, NAME);
  });
});

describe('any other failure of a step', () => {
  it('on a full disk says what to do', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(stepFailure('unpacking it', error).message).toMatch(
      /The disk is full \(while unpacking it\)\. Free some/,
    );
  });

  it('that says what to do already passes through', () => {
    const error = new DistillError('ENGINE', 'Known.');
    expect(stepFailure('a step', error)).toBe(error);
  });
});

describe('the binding in a project of its own tfjs-node', () => {
  async function engine(): Promise<InstalledEngine> {
    const directory = path.join(folder, 'engines/tensorflow');
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, 'tfjs_binding.node'), 'binding');
    await writeFile(path.join(directory, 'engine.json'), '{"tensorflow":"2.21.0"}');
    vi.stubEnv('DISTILL_CACHE', folder);
    return {
      name: 'tensorflow',
      tensorflow: '2.21.0',
      recipe: 2,
      wheels: [],
      files: {},
      directory,
      binding: path.join(directory, 'tfjs_binding.node'),
    };
  }

  async function project(): Promise<string> {
    const own = path.join(folder, 'project/node_modules/@tensorflow/tfjs-node');
    await mkdir(own, { recursive: true });
    await writeFile(path.join(own, 'package.json'), '{"name":"@tensorflow/tfjs-node","version":"4.22.0"}');
    return path.join(folder, 'project');
  }

  it('is put where tfjs-node looks, remembered, and removed with the engine', async () => {
    const installed = await engine();
    const placed = await placeBinding(installed, '@tensorflow/tfjs-node', await project());
    expect(placed).toMatch(
      /project\/node_modules\/@tensorflow\/tfjs-node\/lib\/napi-v8\/tfjs_binding\.node$/,
    );
    expect(await placedCopies(installed.directory)).toEqual([placed]);
    expect(
      await placeBinding(installed, '@tensorflow/tfjs-node', path.join(folder, 'project')),
    ).toBeUndefined();
    expect(await removeEngine('cpu')).toEqual([placed, installed.directory]);
    expect(await removeEngine('cpu')).toEqual([]);
  });

  it('stays where the project has made another since', async () => {
    const installed = await engine();
    const placed = (await placeBinding(installed, '@tensorflow/tfjs-node', await project()))!;
    await writeFile(placed, 'rebuilt');
    expect(await removeEngine('cpu')).toEqual([installed.directory]);
  });

  it('is nobody’s concern where the project has no tfjs-node', async () => {
    await mkdir(path.join(folder, 'bare'));
    expect(
      await placeBinding(await engine(), '@tensorflow/nothing', path.join(folder, 'bare')),
    ).toBeUndefined();
  });
});
