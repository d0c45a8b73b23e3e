import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Results } from '../../../packages/examples/src/mnist-distiller/results.js';
import { idxBytes } from '../../node/data/idxFile.js';

const MAIN = fileURLToPath(import.meta.resolve('../../../packages/examples/src/mnist-distiller/main.ts'));
const FLAGS = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command as a user runs it, on WebAssembly, with its output piped. */
function run(dir: string, ...args: string[]): Promise<Ended> {
  const places = ['data', 'teacher', 'cache', 'out'].flatMap((name) => [`--${name}`, join(dir, name)]);
  const all = [...FLAGS, MAIN, ...places, '--engine', 'wasm', ...args];
  return new Promise((done) => {
    execFile(process.execPath, all, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

/** Digits of a kind: class c is a bright bar in the rows about 2c + 4, with a little noise. */
function writeDigits(dir: string, prefix: string, count: number): Promise<void[]> {
  const labels = Array.from({ length: count }, (_, i) => i % 10);
  const pixels = labels.flatMap((label, i) =>
    Array.from({ length: 784 }, (_, p) => {
      const row = Math.floor(p / 28);
      return Math.abs(row - (2 * label + 4)) < 2 ? 200 + ((i * 31 + p * 7) % 50) : (i * 17 + p * 13) % 40;
    }),
  );
  return Promise.all([
    writeFile(join(dir, `${prefix}-images-idx3-ubyte`), idxBytes([count, 28, 28], pixels)),
    writeFile(join(dir, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels)),
  ]);
}

describe('npm start', { timeout: 120_000 }, () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'distill-run-'));
    const data = join(dir, 'data');
    await mkdir(data);
    await writeDigits(data, 'train', 260);
    await writeDigits(data, 't10k', 100);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('trains a teacher and writes it with half its bytes', async () => {
    const { code, out, err } = await run(dir, '--train-teacher', '--epochs', '6');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/Teacher of \d+\.\d\d % written to/);
    const weights = await readFile(join(dir, 'teacher', 'weights.bin'));
    expect(weights.length).toBe(2 * 160_602);
  });

  it('distils, writes student and report, and prints one JSON object as its last line', async () => {
    const { code, out, err } = await run(dir, '--labels', '40', '--epochs', '2', '--seeds', '2', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Results;
    expect(Object.keys(last)).toEqual(['engine', 'teacher', 'alone', 'distilled', 'seconds']);
    expect(last.engine).toBe('wasm');
    expect(last.teacher).toMatchObject({ parameters: 160_602, agreement: 1 });
    expect(last.distilled).toMatchObject({ parameters: 20_490 });
    expect(last.distilled.accuracies).toHaveLength(2);
    const report = JSON.parse(await readFile(join(dir, 'out', 'report.json'), 'utf8')) as Results;
    expect(report).toMatchObject(last);
    expect(report.curves.map(({ network, seed }) => `${network} ${seed}`)).toEqual([
      'alone 1',
      'distilled 1',
      'alone 2',
      'distilled 2',
    ]);
    expect(await readFile(join(dir, 'out', 'report.html'), 'utf8')).toContain('<svg');
    expect(await readdir(join(dir, 'out', 'distilled'))).toEqual(['model.json', 'weights.bin']);
  });

  it("reads the teacher's logits the next time, and gives the same numbers", async () => {
    const args = ['--labels', '40', '--epochs', '1', '--json'];
    const [first, second] = [await run(dir, ...args), await run(dir, ...args)];
    expect(second.out).toMatch(/260 training images: read from .*teacher-[0-9a-f]{16}/);
    const numbers = ({ out }: Ended) => {
      const { alone, distilled } = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Results;
      return [alone.accuracy, alone.agreement, distilled.accuracy, distilled.agreement];
    };
    expect(numbers(second)).toEqual(numbers(first));
  });

  it.each<[string, string[], RegExp]>([
    [
      'a folder without data',
      ['--data', '/nowhere'],
      /^\/nowhere: Expected the file t.*, found neither\.\n$/,
    ],
    ['a folder without a teacher', ['--teacher', '/nowhere'], /^.*\/nowhere.*\n$/],
    [
      'a number that is none',
      ['--seeds', 'two'],
      /^error: .*'two' is invalid\. Expected a whole number above 0\.\n$/,
    ],
    [
      'too few labels',
      ['--labels', '9'],
      /Expected `labels, images` to be at least one batch of .* images, got 0\.\n$/,
    ],
  ])('refuses %s in one line, with exit code 1', async (_, args, message) => {
    const { code, err } = await run(dir, ...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});
