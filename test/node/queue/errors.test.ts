import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { labelOnQueue, planLabelling, runWorker } from '@tfjs-distill/node/queue';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { distillHere } from '../cli/distillHere.js';
import { project } from '../label/labelled.js';

const NOBODY = 'redis://127.0.0.1:1';
let folder: string;
let teacher: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'distill-'));
  ({ teacher, data } = await project(folder, 40));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a command; gives what it told on standard error. */
async function told(...args: readonly string[]): Promise<string> {
  const { code, err } = await distillHere(...args);
  expect(code).toBe(1);
  return err;
}

/** The last line of what `distill label` told. */
async function label(...more: readonly string[]): Promise<string> {
  const engine = process.env['TEST_ENGINE'] ?? 'cpu';
  const lines = await told('label', '--teacher', teacher, '--data', data, '--engine', engine, ...more);
  return lines.trim().split('\n').at(-1) ?? '';
}

/** As where a package is not installed. */
function without(name: string): void {
  const resolver = Module as unknown as { _resolveFilename: (request: string, ...rest: unknown[]) => string };
  const original = resolver._resolveFilename;
  vi.spyOn(resolver, '_resolveFilename').mockImplementation((request, ...rest) => {
    if (request === name) throw new Error(`Cannot find module '${name}'`);
    return original(request, ...rest);
  });
}

describe('a queue', () => {
  it.each([
    ['nonsense', /Expected `--queue` to be an address such as redis:\/\/host:6379\/0, got "nonsense"/],
    ['http://host:1', /Expected `--queue` to be an address such as/],
    [
      'redis://me:secret@127.0.0.1:1',
      /No Redis answers at redis:\/\/…@127\.0\.0\.1:1: .*ECONNREFUSED.* Start one/,
    ],
  ])('at %s is refused in one line', async (queue, message) => {
    const line = await told('worker', '--queue', queue);
    expect(line).toMatch(message);
    expect(line).not.toContain('secret');
    expect(line.trim()).not.toContain('\n');
  });

  it('says clearly when no Redis answers, and leaves nothing behind', async () => {
    const out = path.join(folder, 'nobody');
    expect(await label('--queue', NOBODY, '--out', out)).toMatch(
      /^No Redis answers at redis:\/\/127.*--queue/,
    );
    await expect(rm(out)).rejects.toThrow(/ENOENT/);
  });

  it('takes no --shard, and a shard of whole batches', async () => {
    const out = path.join(folder, 'refused');
    expect(await label('--queue', NOBODY, '--out', out, '--shard', '1/2')).toMatch(
      /Unknown option with --queue "--shard".*--shard-size/,
    );
    expect(await label('--queue', NOBODY, '--out', out, '--batch-size', '16', '--shard-size', '20')).toMatch(
      /`--shard-size` to be a multiple of the batch size, 16, got 20/,
    );
  });

  it('refuses a worker that would never work', async () => {
    await expect(runWorker({ queue: NOBODY, lockSeconds: 0 })).rejects.toThrow(
      /`lockSeconds` to be a number above 0, got 0/,
    );
  });
});

describe('packages that a queue needs', () => {
  it.each(['bullmq', 'ioredis', 'prom-client'])('are named where %s is not installed', async (name) => {
    without(name);
    await expect(runWorker({ queue: NOBODY })).rejects.toThrow(
      `Labelling queues need the package ${name}, which is not installed. Type \`npm install bullmq ioredis prom-client\`.`,
    );
  });

  it('are named where @aws-sdk/client-s3 is not installed', async () => {
    const { plan } = await planLabelling({ teacher, data, out: 's3://bucket/prefix' });
    without('@aws-sdk/client-s3');
    await expect(labelOnQueue(plan, { queue: NOBODY })).rejects.toThrow(
      /^Stores on s3:\/\/ need the package @aws-sdk\/client-s3, which is not installed\. Type `npm install @aws-sdk\/client-s3`\.$/,
    );
  });

  it('are loaded by nobody who does not use them', async () => {
    const main = new URL('../../../packages/node/src/cli/main.ts', import.meta.url).href;
    const script = `
      import { createRequire } from 'node:module';
      await import('@tfjs-distill/node');
      await import('@tfjs-distill/node/queue');
      const { run } = await import(${JSON.stringify(main)});
      await run(${JSON.stringify(['label', '--teacher', teacher, '--data', data, '--out', path.join(folder, 'plain'), '--engine', 'cpu'])});
      const files = Object.keys(createRequire(import.meta.url).cache);
      const found = files.filter((file) => /node_modules.(bullmq|ioredis|prom-client|@aws-sdk)/.test(file));
      console.log(JSON.stringify({ files: files.length > 0, found }));`;
    const flags = [
      '--conditions=@tfjs-distill/source',
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      script,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(stdout).toMatch(/40 samples labelled/);
    expect(stdout.trim().split('\n').at(-1)).toBe('{"files":true,"found":[]}');
  }, 120_000); // a process of its own
});
