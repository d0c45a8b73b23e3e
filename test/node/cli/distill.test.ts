import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BIN = path.resolve('packages/node/bin/distill.js');

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let cache: string;
beforeEach(async () => void (cache = await mkdtemp(path.join(os.tmpdir(), 'distill-cli-'))));
afterEach(() => rm(cache, { recursive: true }));

/** Runs the command as a person does, with an empty engine cache. */
function distill(args: string, env: Record<string, string> = {}): Promise<Outcome> {
  const options = { env: { ...process.env, DISTILL_ENGINE: '', DISTILL_CACHE: cache, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args.split(' ').filter(Boolean)], options, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

/** An empty PATH: no pip, no compiler, no npm. */
const BARE = { PATH: '/nowhere', CXX: '' };

describe('distill', () => {
  it('lists the engines, what runs, and what to type for a faster one', async () => {
    const { code, out, err } = await distill('engine list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^ {2}tensorflow {6}not usable {2}not installed; `npx distill engine install` makes .* \(274 MB/m,
    );
    expect(out).toMatch(/^→ wasm {12}usable {6}4\.\d+\.\d+, simd: yes, threads: 1$/m);
    expect(out).toMatch(/^ {2}cpu {13}usable/m);
  });

  it('lists them as JSON', async () => {
    const engines = JSON.parse((await distill('engine list --json')).out) as Record<string, unknown>[];
    expect(engines.map(({ engine }) => engine)).toEqual([
      'tensorflow-gpu',
      'tensorflow',
      'webgpu',
      'wasm',
      'cpu',
    ]);
    expect(engines[1]).toMatchObject({ usable: false, chosen: false, reason: 'not installed' });
    expect(engines[3]).toMatchObject({ usable: true, chosen: true, facts: { threads: '1' } });
  });

  it('marks the engine that DISTILL_ENGINE forces', async () => {
    expect((await distill('engine list', { DISTILL_ENGINE: 'cpu' })).out).toMatch(/^→ cpu/m);
  });

  it('looks at the machine', async () => {
    const { out } = await distill('doctor', BARE);
    expect(out).toMatch(/^Node\.js {7}v\d+/m);
    expect(out).toMatch(/^Processor .* threads, WebAssembly SIMD: yes$/m);
    expect(out).toMatch(/^Memory .* GB free$/m);
    expect(out).toMatch(/^To install .*missing: pip .*, a C\+\+ compiler .*, npm/m);
    const { threads, memory, engines } = JSON.parse((await distill('doctor --json', BARE)).out) as {
      threads: number;
      memory: { total: number };
      engines: unknown[];
    };
    expect(threads).toBe(os.availableParallelism());
    expect(memory.total).toBe(os.totalmem());
    expect(engines).toHaveLength(5);
  });

  it.each([
    [
      'engine install',
      BARE,
      /^engine install: The native engine's installation needs pip .* wasm engine runs/,
    ],
    [
      'engine install --tensorflow latest',
      {},
      /^engine install: Expected `tensorflow` to be a version such as/,
    ],
    ['engine install --nope', {}, /^error: unknown option '--nope'/],
    ['engin', {}, /^error: unknown command 'engin'\n\(Did you mean engine\?\)/],
  ])('%s fails in one line, without a stack', async (args, env, message) => {
    const { code, out, err } = await distill(args, env);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('goes on without the native engine where it cannot be installed', async () => {
    const { code, out, err } = await distill('engine ensure', BARE);
    expect({ code, out }).toEqual({ code: 0, out: 'unavailable\n' });
    expect(err).toMatch(
      /^Going on without the native engine: its installation needs pip .*, a C\+\+ .*, and npm .*\.\n$/,
    );
  });

  it('only looks, where nothing may be fetched', async () => {
    expect(await distill('engine ensure --dry-run')).toEqual({ code: 0, out: 'unavailable\n', err: '' });
  });

  it('removes nothing where there is nothing', async () => {
    expect(await distill('engine remove')).toEqual({ code: 0, out: 'nothing to remove\n', err: '' });
  });
});
