import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Results } from '../../../packages/examples/src/mnist-distiller/results.js';
import { madeDigits } from '../../examples/madeDigits.js';
import { type Ended, runMain } from '../../examples/runMain.js';

/** The command as a user runs it, on WebAssembly. */
function run(dir: string, ...args: string[]): Promise<Ended> {
  const places = ['data', 'teacher', 'cache', 'out'].flatMap((name) => [`--${name}`, join(dir, name)]);
  return runMain('mnist-distiller', [...places, '--engine', 'wasm', ...args]);
}

describe('npm start', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'distill-run-'));
    await madeDigits(join(dir, 'data'), { train: 260, test: 100 });
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
    const last = JSON.parse(out.split('\n').at(-1) ?? '') as Results;
    expect(Object.keys(last)).toEqual(['engine', 'teacher', 'alone', 'distilled', 'seconds']);
    expect(last.engine).toBe('wasm');
    expect(last.teacher).toMatchObject({ parameters: 160_602, agreement: 1 });
    expect(last.distilled).toMatchObject({ parameters: 20_490 });
    expect(last.distilled.accuracies).toHaveLength(2);
    const report = JSON.parse(await readFile(join(dir, 'out', 'report.json'), 'utf8')) as Results;
    expect(report).toMatchObject(last);
    expect(out).toMatch(/^A step of 32 images takes the student \d+\.\d\d ms alone, \d/m);
    for (const time of [report.step.alone, report.step.stored, report.step.live])
      expect(time).toBeGreaterThan(0);
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
      const { alone, distilled } = JSON.parse(out.split('\n').at(-1) ?? '') as Results;
      return [alone.accuracy, alone.agreement, distilled.accuracy, distilled.agreement];
    };
    expect(numbers(second)).toEqual(numbers(first));
  });

  it.each<[string, string[], RegExp]>([
    ['a folder without data', ['--data', '/nowhere'], /^\/nowhere: Expected the file t.*, found neither\.$/],
    ['a folder without a teacher', ['--teacher', '/nowhere'], /^.*\/nowhere.*$/],
    [
      'a number that is none',
      ['--seeds', 'two'],
      /^error: .*'two' is invalid\. Expected a whole number above 0\.$/,
    ],
    [
      'too few labels',
      ['--labels', '9'],
      /Expected `labels, images` to be at least one batch of .* images, got 0\.$/,
    ],
  ])('refuses %s in one line, with exit code 1', async (_, args, message) => {
    const { code, err } = await run(dir, ...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});
