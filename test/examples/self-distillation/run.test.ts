import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type io } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Results } from '../../../packages/examples/src/self-distillation/results.js';
import { madeDigits } from '../madeDigits.js';
import { runMain } from '../runMain.js';

/** The example as a user runs it, on WebAssembly. */
const run = (dir: string, ...args: string[]) =>
  runMain('self-distillation', [
    ...['--path', join(dir, 'data'), '--out', join(dir, 'out'), '--engine', 'wasm'],
    ...args,
  ]);

describe('npm run example:self-distillation', { timeout: 120_000 }, () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'distill-self-'));
    await madeDigits(join(dir, 'data'), { train: 140, test: 40 });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('trains the network in three ways, prints every exit and the curve, and saves it with and without exits', async () => {
    const { code, out, err } = await run(dir, '--epochs', '1', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/mnist: 120 images to train on, 20 to choose the threshold, 40 to test/);
    expect(out).toMatch(
      /│ classifier +│ cost +│ without exits +│ exits, labels alone +│ exits, self-distilled +│/,
    );
    expect(out).toMatch(/│ threshold │ accuracy +│ mean cost │ left at exit_block1/);
    const results = JSON.parse(out.split('\n').at(-1) ?? '') as Results;
    expect(results.networks.map(({ way }) => way)).toEqual(['plain', 'labels', 'distilled']);
    const names = ['exit_block1', 'exit_block2', 'exit_block3', 'deepest', 'ensemble'];
    expect(results.networks[2]!.rows.map(({ name }) => name)).toEqual(names);
    expect(results.earlyExits[0]!.curve.at(-1)).toMatchObject({ threshold: 1, cost: 1 });
    expect(JSON.parse(await readFile(join(dir, 'out', 'results.json'), 'utf8'))).toEqual(results);
    const weights = async (name: string) => {
      const { weightsManifest } = JSON.parse(
        await readFile(join(dir, 'out', name, 'model.json'), 'utf8'),
      ) as {
        weightsManifest: io.WeightsManifestConfig;
      };
      return weightsManifest.flatMap(({ weights }) => weights.map((weight) => weight.name));
    };
    expect(await readdir(join(dir, 'out', 'without-exits'))).toEqual(['model.json', 'weights.bin']);
    const exits = (await weights('with-exits')).filter((name) => name.includes('exit_'));
    expect(exits.length).toBeGreaterThan(0);
    expect((await weights('without-exits')).filter((name) => name.includes('exit_'))).toEqual([]);
  });

  it.each<[string, string[], RegExp]>([
    ['too few images', ['--images', '1'], /Expected `images` to be above 1, .* got 1\.$/],
    [
      'data that are none',
      ['--data', 'imagenet'],
      /argument 'imagenet' is invalid\. Allowed choices are mnist/,
    ],
    ['a folder without data', ['--path', '/nowhere'], /^\/nowhere: Expected the file t.*$/],
  ])('refuses %s in one line, with exit code 1', async (_, args, message) => {
    const { code, err } = await run(dir, ...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});
