/**
 * The whole install, from the real package indexes: several downloads of 274 MB, ten minutes. Everything goes to a
 * folder of its own; the engine that this machine has is not touched.
 */
import { execFileSync } from 'node:child_process';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists } from '../../../packages/node/src/io/exists.js';

const ROOT = path.resolve('.');
const BIN = path.join(ROOT, 'packages/node/bin/distill.js');

let cache: string;
beforeAll(async () => void (cache = await mkdtemp(path.join(os.tmpdir(), 'distill-install-'))));
afterAll(() => rm(cache, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = ROOT) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, DISTILL_ENGINE: '', DISTILL_CACHE: cache, ...env },
    detached: true, // a group of its own: a kill reaches pip and the compiler too, as a closed terminal's does
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const outcome = new Promise<Outcome>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return { child, outcome, said: () => out + err };
}

const distill = (args: string, env?: NodeJS.ProcessEnv) =>
  start(process.execPath, [BIN, ...args.split(' ')], env);
const install = (args = '', env?: NodeJS.ProcessEnv) => distill(`engine install ${args}`.trim(), env).outcome;
const engineFolder = () => path.join(cache, 'engines/tensorflow');
const listed = async () => (await distill('engine list').outcome).out;

async function until(ready: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await ready())) await sleep(20);
}

/** Runs a program that chooses an engine and trains a step; resolves to what it printed. */
async function train(env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
  return start(process.execPath, [...flags, 'test/slow/engine/trainOneStep.ts'], env).outcome;
}

describe('engine install', () => {
  it('installs TensorFlow, proves that it works, and trains on it without a word on the console', async () => {
    const { code, out, err } = await install();
    expect(err.trim().split('\n')).toEqual([
      'fetching tensorflow-cpu==2.21.0',
      'unpacking tensorflow-cpu==2.21.0',
      'fetching @tensorflow/tfjs-node',
      'compiling the binding',
      'testing',
    ]);
    expect(out).toMatch(/^tensorflow: TensorFlow 2\.21\.0 on Node\.js \S+, installed in [\d.]+ s, in /);
    expect(code).toBe(0);
    expect(await listed()).toMatch(/^→ tensorflow {6}usable {6}2\.21\.0, threads: \d+$/m);
    expect(await train()).toEqual({
      code: 0,
      err: '',
      out: expect.stringMatching(/^tensorflow \d/) as unknown,
    });
  });

  it('leaves nothing but the engine behind', async () => {
    expect((await readdir(path.join(cache, 'engines'))).sort()).toEqual(['.verdicts', '.work', 'tensorflow']);
    expect(await readdir(path.join(cache, 'engines/.work'))).toEqual([]);
    expect(await exists(path.join(engineFolder(), 'stand-ins'))).toBe(false);
  });

  it('is done at once where the engine is there', async () => {
    const { code, out, err } = await install();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/here already/);
  });

  it('loads one tfjs-core, whose backend trains, saves and loads', async () => {
    const script = `
      const { createRequire } = require('node:module');
      const core = require('@tensorflow/tfjs-core');
      import(${JSON.stringify(path.join(ROOT, 'packages/node/native/loadTfjsNode.mjs'))}).then(({ loadTfjsNode }) => {
        const tfn = loadTfjsNode(${JSON.stringify(engineFolder())}, '@tensorflow/tfjs-node');
        const copies = Object.keys(require.cache).filter((file) => /tf-core[^/]*\\.js$/.test(file));
        console.log(copies.length, core.getBackend(), tfn.Tensor === core.Tensor, tfn.memory === core.memory);
      });`;
    const { out, err } = await start(process.execPath, ['-e', script]).outcome;
    expect(err).toBe('');
    expect(out).toBe('1 tensorflow true true\n');
  });

  it('works in two worker threads at once', async () => {
    const file = path.join(ROOT, 'test/slow/engine/workers.mjs');
    const { out, err } = await start(process.execPath, [file, engineFolder()]).outcome;
    expect(err).toBe('');
    expect(out.trim().split('\n')).toEqual(['20', '20', 'done']);
  });
});

describe('a damaged engine is passed over, never loaded', () => {
  const binding = () => path.join(engineFolder(), 'tfjs_binding.node');
  const library = () => path.join(engineFolder(), 'tensorflow/libtensorflow_cc.so.2');
  const wasmRuns = async () => {
    const { code, out, err } = await train();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^wasm \d/);
  };

  it('when its binding is empty', async () => {
    await writeFile(binding(), '');
    await wasmRuns();
    expect(await listed()).toMatch(
      /tensorflow +not usable +does not load: .*file too short.*engine install --force/,
    );
  });

  it('when bits of its binding are flipped', async () => {
    const { out, err } = await install(); // finds it broken, repairs it
    expect(out).toMatch(/installed in/);
    expect(err).not.toContain('fetching tensorflow-cpu'); // its library is whole
    const bytes = await readFile(binding());
    for (let i = 64; i < bytes.length; i += 97) bytes[i]! ^= 0xff;
    await writeFile(binding(), bytes);
    await wasmRuns();
    expect(await listed()).toMatch(/tensorflow +not usable +does not load: /);
  });

  it('when its binding kills the process that loads it', async () => {
    const source = path.join(cache, 'kill.c');
    for (const [death, reason] of [
      ['raise(SIGILL)', /processor instructions that this machine lacks .*\(SIGILL\)/],
      ['abort()', /it aborted on load \(SIGABRT\)/],
      ['*(volatile int *)0 = 1', /it crashed on load \(SIGSEGV\)/],
    ] as const) {
      const body = `#include <signal.h>\n#include <stdlib.h>\n__attribute__((constructor)) void die() { ${death}; }`;
      await writeFile(source, body);
      execFileSync('cc', ['-shared', '-fPIC', source, '-o', binding()]);
      await wasmRuns();
      expect(await listed()).toMatch(reason);
    }
  });

  it('when its library is cut short', async () => {
    expect((await install()).out).toMatch(/installed in/);
    const { size } = await stat(library());
    await truncate(library(), size / 2);
    await wasmRuns();
    expect(await listed()).toMatch(/tensorflow +not usable +does not load: /);
  });

  it('when its library is gone', async () => {
    await rm(library());
    await wasmRuns();
    expect(await listed()).toMatch(/libtensorflow_cc\.so\.2: cannot open shared object file/);
  });
});

describe('an install that is broken off', () => {
  const work = () => path.join(cache, 'engines/.work/tensorflow-2.21.0');

  /** Starts an install, kills it and all its children without warning once `when` holds. */
  async function killedWhen(when: (said: string) => boolean | Promise<boolean>): Promise<void> {
    const running: { child: ChildProcess; outcome: Promise<Outcome>; said: () => string } =
      distill('engine install');
    await until(() => when(running.said()));
    process.kill(-running.child.pid!, 'SIGKILL');
    await running.outcome;
    expect(await listed()).toMatch(/tensorflow +not usable +not installed/);
  }

  beforeAll(async () => void (await distill('engine remove').outcome));

  it('leaves no engine in sight, wherever it is killed, and goes on from what is complete', async () => {
    await killedWhen(async () => (await bytesIn(path.join(work(), 'wheels/incoming'))) > 1e6); // in the download
    await killedWhen(async () => (await bytesIn(path.join(work(), 'engine/tensorflow'))) > 1e8); // in the unpacking
    const wheels = await readdir(path.join(work(), 'wheels'));
    expect(wheels.filter((name) => name.endsWith('.whl'))).toHaveLength(1);
    await killedWhen((said) => said.includes('compiling'));
    const fetched = await stat(
      path.join(
        work(),
        'wheels',
        wheels.find((name) => name.endsWith('.whl'))!,
      ),
    );
    await killedWhen((said) => said.includes('testing'));
    const again = await stat(
      path.join(
        work(),
        'wheels',
        wheels.find((name) => name.endsWith('.whl'))!,
      ),
    );
    expect(again.mtimeMs).toBe(fetched.mtimeMs);
    expect((await install()).out).toMatch(/installed in/);
    expect((await train()).out).toMatch(/^tensorflow/);
  });

  it('notices a wheel that was cut short meanwhile', async () => {
    await distill('engine remove').outcome;
    await killedWhen((said) => said.includes('unpacking'));
    const wheel = (await readdir(path.join(work(), 'wheels'))).find((name) => name.endsWith('.whl'))!;
    await truncate(path.join(work(), 'wheels', wheel), 1e8);
    expect((await install()).out).toMatch(/installed in/);
    expect((await train()).out).toMatch(/^tensorflow/);
  });
});

describe('two installs at once', () => {
  it('make one engine: the second waits and finds it', async () => {
    await distill('engine remove').outcome;
    const outcomes = await Promise.all([install(), install()]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(outcomes.filter(({ out }) => out.includes('installed in'))).toHaveLength(1);
    expect(outcomes.filter(({ out }) => out.includes('here already'))).toHaveLength(1);
    expect(outcomes.filter(({ err }) => err.includes('waiting for another install'))).toHaveLength(1);
  });
});

describe('another version of TensorFlow', () => {
  it('takes the place of the one before', async () => {
    expect((await install('--tensorflow 2.18.1')).out).toMatch(/^tensorflow: TensorFlow 2\.18\.1/);
    expect(await listed()).toMatch(/→ tensorflow +usable +2\.18\.1/);
    expect((await train()).out).toMatch(/^tensorflow/);
  });
});

describe('a project with its own tfjs-node', () => {
  /** Inside the checkout, so that it shares the one tfjs-core that everything else runs on, as npm would arrange it. */
  const project = path.join(ROOT, '.cache/own-tfjs-node');
  const own = path.join(project, 'node_modules/@tensorflow');
  const placed = path.join(own, 'tfjs-node/lib/napi-v8/tfjs_binding.node');
  const run = (...args: string[]) => start(process.execPath, args, {}, project).outcome;
  const flags = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];

  beforeAll(async () => {
    await install();
    await mkdir(project, { recursive: true });
    await writeFile(path.join(project, 'package.json'), '{ "private": true }');
    const npm = ['install', '--prefix', project, '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', [...npm, '@tensorflow/tfjs-node@4.22.0'], { cwd: project, stdio: 'ignore' });
    for (const name of ['core', 'layers', 'converter', 'backend-cpu'])
      await rm(path.join(own, `tfjs-${name}`), { recursive: true, force: true });
    await rm(path.dirname(placed), { recursive: true, force: true });
  });

  it('gets the binding that its install script could not fetch', async () => {
    const { out } = await run(BIN, 'engine', 'install');
    expect(out).toContain(`The project's own tfjs-node got its binding: ${placed}`);
    const script = `const tf = require('@tensorflow/tfjs-node'); console.log(tf.getBackend(), tf.backend().binding.TF_Version)`;
    expect((await run('-e', script)).out).toBe('tensorflow 2.21.0\n');
  });

  it('is what runs there, without a word on the console, with one file:// router', async () => {
    const { code, out, err } = await run(...flags, path.join(ROOT, 'test/slow/engine/trainOneStep.ts'));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^tensorflow \d/);
  });

  it('loses the binding when the engine is removed', async () => {
    expect((await run(BIN, 'engine', 'remove')).out).toContain(`removed ${placed}`);
    expect(await exists(placed)).toBe(false);
    expect(await exists(engineFolder())).toBe(false);
  });
});

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';

describe.skipIf(!isRoot)('a disk that is full (skipped where this user cannot mount one)', () => {
  /** A disk of its own for the cache, e.g. of 100 MB. */
  async function onSmallDisk(size: string, run: (disk: string) => Promise<void>): Promise<void> {
    const disk = await mkdtemp(path.join(os.tmpdir(), 'distill-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
    try {
      await run(disk);
    } finally {
      execFileSync('umount', [disk]);
      await rm(disk, { recursive: true });
    }
  }

  it('is refused before anything is fetched', () =>
    onSmallDisk('100m', async (disk) => {
      const { code, err } = await install('', { DISTILL_CACHE: disk });
      expect(code).toBe(1);
      expect(err).toMatch(
        /needs 1\.2 GB of disk, and .* has 0\.1 GB left\. Free some space, or set DISTILL_CACHE/,
      );
    }));

  it('while it works is one error, and the next try goes on once there is room', () =>
    onSmallDisk('1300m', async (disk) => {
      const env = { DISTILL_CACHE: disk };
      const running = distill('engine install', env);
      await until(() => running.said().includes('unpacking'));
      const ballast = path.join(disk, 'ballast');
      await writeFile(ballast, Buffer.alloc(500e6));
      const { code, err } = await running.outcome;
      expect(code).toBe(1);
      expect(err).toMatch(
        /engine install: The disk is full \(while unpacking .*Free some space.*what is complete is kept/,
      );
      expect((await distill('engine list', env).outcome).out).toMatch(
        /tensorflow +not usable +not installed/,
      );
      await rm(ballast);
      expect((await install('', env)).out).toMatch(/installed in/);
    }));
});

async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map((file) =>
    stat(path.join(file.parentPath, file.name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
