import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileSystem } from '@tfjs-distill/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStudent } from '../../../packages/node/src/run/openStudent.js';
import { MPIRUN, titled } from '../tools.js';
import { beside, mpirun } from './mpirun.js';

/** Two clouds of points. */
const DATA = `
const split = (n, phase) => ({
  values: Float32Array.from({ length: 2 * n }, (_, i) => ((i >> 1) % 2 ? 1 : -1) + Math.sin(phase + 7 * i)),
  shape: [n, 2],
  labels: Int32Array.from({ length: n }, (_, i) => i % 2),
});
export default { train: split(330, 0), test: split(50, 1), classNames: ['left', 'right'] };
`;

/** Kills its rank, and leaves the time of it. */
const KILLER = `
import { writeFileSync } from 'node:fs';
const [rank, step] = (process.env.KILL_AT ?? '').split(',');
export default () => ({
  name: 'killer',
  onStepEnd: ({ globalStep }) => {
    if (process.env.OMPI_COMM_WORLD_RANK !== rank || String(globalStep) !== step) return;
    writeFileSync(process.env.KILLED_AT, String(Date.now()));
    process.kill(process.pid, 'SIGKILL');
  },
});
`;

const CONFIG = `
dataset: ./data.mjs
teacher: ./teacher
student: mlp
criterion: { type: kd, temperature: 2 }
alone: false
training: { epochs: 4, batchSize: 64, learningRate: 0.01 }
plugins: [{ module: ./killer.mjs }]
`;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'distill-mpi-'));
  await writeFile(path.join(dir, 'data.mjs'), DATA);
  await writeFile(path.join(dir, 'killer.mjs'), KILLER);
  await writeFile(path.join(dir, 'mine.yaml'), CONFIG);
  const teacher = await openStudent('mlp', { inputShape: [2], classes: 2, seed: 9 });
  await teacher.save(fileSystem(path.join(dir, 'teacher')));
  teacher.dispose();
});
afterAll(() => rm(dir, { recursive: true }));

const distill = (ranks: number, out: string, words: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
  mpirun(
    ranks,
    [
      beside('distill.ts'),
      'run',
      path.join(dir, 'mine.yaml'),
      '--engine',
      'wasm',
      '--output',
      place(out),
      ...words,
    ],
    { env },
  );

const place = (out: string) => path.join(dir, out);

async function weightsOf(out: string): Promise<Float32Array> {
  const bytes = await readFile(path.join(place(out), 'distilled-1/model/weights.bin'));
  return new Float32Array(new Uint8Array(bytes).buffer);
}

describe.skipIf(MPIRUN === undefined)(titled('distill run on several ranks', MPIRUN, 'openmpi-bin'), () => {
  it('trains the student of one process, and only the first rank says so', async () => {
    const alone = await distill(0, 'alone');
    expect(alone.code, alone.stderr).toBe(0);
    const together = await distill(4, 'together');
    expect(together.code, together.stderr).toBe(0);
    expect(together.stdout.match(/student distilled/g)).toHaveLength(1);
    expect(together.stderr.match(/^Plan:/gm)).toHaveLength(1);
    await expectNear('together', 'alone');
    const records = await Promise.all(
      ['alone', 'together'].map(
        async (out) => JSON.parse(await readFile(path.join(place(out), 'run.json'), 'utf8')) as Run,
      ),
    );
    const [one, four] = records.map(({ trainings }) => trainings[0]!);
    expect(four!.history.length).toBe(one!.history.length);
    for (const [epoch, row] of one!.history.entries())
      for (const [name, value] of Object.entries(row))
        expect(four!.history[epoch]![name], name).toBeCloseTo(value, 5);
  });

  it.each([
    ['1', [4, 0]],
    ['0', [4, 0]],
  ])(
    'ends within ten seconds when rank %s is killed, and goes on from the last checkpoint with others',
    async (rank, resumed) => {
      const out = `killed-${rank}`;
      const note = place(`${out}.time`);
      const { code, stderr } = await distill(2, out, [], { KILL_AT: `${rank},12`, KILLED_AT: note });
      expect(code).not.toBe(0);
      expect(Date.now() - Number(await readFile(note, 'utf8'))).toBeLessThan(10_000);
      expect(stderr).toMatch(
        new RegExp(`Rank ${rank} of 2 \\(process \\d+\\) is gone: killed or crashed\\.`),
      );
      expect(stderr).not.toMatch(/^\s+at /m);
      for (const ranks of resumed) {
        await cp(place(out), place(`${out}-${ranks}`), { recursive: true });
        const again = await distill(ranks, `${out}-${ranks}`, ['--resume']);
        expect(again.code, again.stderr).toBe(0);
        await expectNear(`${out}-${ranks}`, 'alone');
      }
    },
  );

  it('says once what is wrong with a configuration', async () => {
    const { code, stderr } = await distill(3, 'wrong', ['--set', 'criterion.temperature=-1']);
    expect(code).not.toBe(0);
    expect(stderr.match(/Expected `criterion.temperature` to be/g)).toHaveLength(1);
  });

  it('refuses a criterion that compares the samples of a batch, before it trains', async () => {
    const { code, stderr } = await distill(2, 'coupled', ['--set', 'criterion={"type":"dist"}']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /Criterion "dist" compares the samples of a batch, and each rank sees only its part/,
    );
  });
});

interface Run {
  readonly trainings: readonly { readonly history: readonly Record<string, number>[] }[];
}

async function expectNear(out: string, other: string): Promise<void> {
  const [ours, theirs] = await Promise.all([weightsOf(out), weightsOf(other)]);
  expect(ours.length).toBe(theirs.length);
  expect(Math.max(...ours.map((weight, i) => Math.abs(weight - theirs[i]!)))).toBeLessThan(1e-5);
}
