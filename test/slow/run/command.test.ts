import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BIN = path.resolve('packages/node/bin/distill.js');
const CONFIGS = path.resolve('packages/examples/configs');
const SMALL = [
  '--engine',
  'wasm',
  '--seeds',
  '1',
  '--set',
  'dataset={type: mnist, limit: {train: 400, test: 100}}',
];

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'distill-command-'))));
afterEach(() => rm(dir, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a person does; `during` gets the process. */
function distill(
  words: readonly string[],
  during?: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...words], { cwd: dir });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => void (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => void (err += text.toString()));
    child.on('close', (code) => resolve({ code, out, err }));
    during?.((signal) => void child.kill(signal));
  });
}

const kd = path.join(CONFIGS, 'logit-kd.yaml');

describe('distill run', () => {
  it.each(readdirSync(CONFIGS).filter((name) => name.endsWith('.yaml')))('carries out %s', async (name) => {
    const short = name.includes('layers') ? [] : ['--set', 'training.epochs=1'];
    const few = name === 'stored-teacher.yaml' ? ['--set', 'validation=100', '--set', 'labels=100'] : [];
    const alone = ['--set', 'alone={epochs: 1}'];
    const { code, out, err } = await distill([
      'run',
      path.join(CONFIGS, name),
      ...SMALL,
      ...short,
      ...few,
      ...alone,
    ]);
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringContaining('Plan: mnist (400 training samples') as string,
    });
    expect(out).toMatch(/student distilled/);
    expect(existsSync(path.join(dir, 'runs', name.replace('.yaml', ''), 'report.html'))).toBe(true);
  });

  it('stops at SIGINT with a checkpoint and 130, and goes on', async () => {
    const words = [
      'run',
      kd,
      ...SMALL,
      '--set',
      'training.epochs=200',
      '--set',
      'alone=false',
      '--output',
      'run',
    ];
    const checkpoints = path.join(dir, 'run/distilled-1/checkpoints');
    const stopped = await distill(words, (kill) => {
      const look = setInterval(() => {
        if (!existsSync(checkpoints) || readdirSync(checkpoints).length === 0) return;
        clearInterval(look);
        kill('SIGINT');
      }, 100);
    });
    expect(stopped).toMatchObject({ code: 130, out: '' });
    expect(stopped.err).toMatch(/--resume goes on with it/);
    const other = await distill([...words, '--resume', '--set', 'training.batchSize=32']);
    expect(other.code).toBe(1);
    expect(other.err).toMatch(/began otherwise: training\.batchSize: 64 → 32/);
  });
});

describe('distill sweep', () => {
  it('goes on after a point that fails, and is resumed', async () => {
    const words = (grid: string) => [
      'sweep',
      kd,
      ...SMALL.filter((word) => word !== '--seeds' && word !== '1'),
      '--set',
      'training.epochs=1',
      '--set',
      'alone=false',
      '--grid',
      grid,
      '--output',
      'sweep',
      '--json',
    ];
    const first = await distill(words('student=nothing,mlp'));
    expect(first.code).toBe(1);
    const { runs, failed } = JSON.parse(first.out) as {
      runs: { run: string }[];
      failed: { failure: string }[];
    };
    expect(runs.map(({ run }) => run)).toEqual(['student=mlp']);
    expect(failed[0]?.failure).toMatch(/Unknown student "nothing"/);
    const second = await distill(words('student=mlp'));
    expect(second.code).toBe(0);
    expect((await readdir(path.join(dir, 'sweep'))).includes('student=mlp')).toBe(true);
  });
});

describe('distill init', () => {
  it('writes an example once', async () => {
    expect((await distill(['init', 'mine.yaml', '--dataset', 'cifar10'])).code).toBe(0);
    expect(await distill(['init', 'mine.yaml'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--force') as string,
    });
  });
});
