import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { attachExits, exitFacts, exitPoint, prepareCompression } from '@tfjs-distill/core';
import { selfDistillation } from '@tfjs-distill/losses';
import { fileSystem } from '@tfjs-distill/node';
import { train } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExitsReport } from '../../../packages/node/src/exits/reportExits.js';
import { convolutional, stripes } from '../../core/exits/networks.js';

const BIN = path.resolve('packages/node/bin/distill.js');

let dir: string;

/** Runs the command as a person does. */
function distill(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args, '--engine', 'wasm'], { cwd: dir }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

/** A data set as a module: the stripes that the tests' networks learn. */
async function dataModule(): Promise<string> {
  const { x, y } = stripes(60, 5);
  const split = `{ values: Float32Array.of(${[...(await x.data())].join()}), shape: [60, 8, 8, 1], labels: Int32Array.of(${[...(await y.data())].join()}) }`;
  return `const split = ${split};\nexport default { train: split, test: split, classNames: ['lying', 'standing', 'slanting'] };\n`;
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'distill-exits-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('distill exits', { timeout: 120_000 }, () => {
  it('measures every exit, picks the threshold and draws the curve', async () => {
    const student = attachExits(convolutional(), [
      { after: 'conv1', head: 'pool' },
      { after: 'conv2', head: 'bottleneck' },
    ]);
    const manager = prepareCompression(student, {
      criterion: selfDistillation(),
      optimizer: train.adam(0.01),
    });
    await manager.fit(stripes(96), { epochs: 5, batchSize: 16 });
    manager.dispose();
    await student.save(fileSystem(path.join(dir, 'model')));
    await writeFile(path.join(dir, 'data.mjs'), await dataModule());

    const flags = ['exits', 'model', '--data', 'data.mjs'];
    const { code, out, err } = await distill(...flags, '--json', '--accuracy', '0.5', '--html', 'exits.html');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const report = JSON.parse(out) as ExitsReport;
    expect(report.rows.map(({ name }) => name)).toEqual(['exit_conv1', 'exit_conv2', 'logits', 'ensemble']);
    expect(report).toMatchObject({ samples: 60, wanted: 0.5, data: 'data.mjs, test' });
    expect(report.chosen.accuracy).toBeGreaterThanOrEqual(0.5);
    for (const { accuracy, cost } of report.curve) {
      if (accuracy >= 0.5) expect(report.chosen.cost).toBeLessThanOrEqual(cost);
    }
    const here = exitPoint(await exitFacts(student, stripes(60, 5)), report.chosen.threshold);
    expect(report.chosen.accuracy).toBeCloseTo(here.accuracy, 1); // another engine may round another way
    student.dispose();

    const page = await readFile(path.join(dir, 'exits.html'), 'utf8');
    expect(page).toContain('<svg');
    expect(page).toContain('exit_conv1');
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);

    const table = await distill(...flags, '--limit', '20');
    expect(table.out).toMatch(/^model on 20 samples of data\.mjs, test\. Cost: operations by then/);
    expect(table.out).toMatch(/│ exit_conv1 +│ \d+\.\d % +│ \d+\.\d\d % /);
    expect(table.out).toMatch(/For an accuracy of \d+\.\d\d %: threshold \d\.\d+, which gives/);
  });

  it('refuses bad input in one line, with exit code 1', async () => {
    const plain = convolutional();
    await plain.save(fileSystem(path.join(dir, 'plain')));
    plain.dispose();
    await writeFile(path.join(dir, 'data2.mjs'), await dataModule());
    const cases: [string[], RegExp][] = [
      [['plain', '--data', 'data2.mjs'], /^exits: The model in plain has no exits\. Give a LayersModel/],
      [['nowhere', '--data', 'data2.mjs'], /There is no model at nowhere/],
      [['plain', '--data', 'minst'], /Unknown data set "minst"\. Did you mean "mnist"\?/],
      [['plain', '--data', 'mnist', '--accuracy', '98'], /Expected a number from 0 to 1/],
      [['plain'], /required option '--data <name>' not specified/],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await distill('exits', ...args);
      expect(code).toBe(1);
      expect(err).toMatch(message);
      expect(err).not.toMatch(/^\s+at /m);
    }
  });
});
