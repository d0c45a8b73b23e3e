import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mergeShards, openTeacherStore, shardRows } from '@tfjs-distill/node';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distillHere } from '../cli/distillHere.js';
import { project } from './labelled.js';

const COUNT = 60;
const ENGINE = process.env['TEST_ENGINE'] ?? 'cpu';
let folder: string;
let teacher: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'distill-'));
  ({ teacher, data } = await project(folder, COUNT));
});

afterAll(() => rm(folder, { recursive: true }));

const out = (name: string) => path.join(folder, name);

/** Runs `distill label …`; gives what it printed and its exit code. */
async function label(...args: readonly string[]) {
  const { out: printed, err: told, code } = await distillHere('label', ...args);
  return { printed, told, code };
}

const usual = (name: string, ...more: readonly string[]) =>
  label('--teacher', teacher, '--data', data, '--out', out(name), '--engine', ENGINE, ...more);

async function rowsOf(name: string): Promise<number[][]> {
  const store = await openTeacherStore(out(name));
  const { logits } = await store.rows(Int32Array.from({ length: store.size }, (_, i) => i));
  const rows = (await logits.array()) as number[][];
  logits.dispose();
  store.dispose();
  return rows;
}

describe('shardRows', () => {
  it('has every row in one shard, in order', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 1, max: 20 }), (samples, count) => {
        const rows = Array.from({ length: count }, (_, i) => [
          ...shardRows(samples, { index: i + 1, count }),
        ]);
        expect(rows.flat()).toEqual(Array.from({ length: samples }, (_, i) => i));
        const sizes = rows.map((shard) => shard.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('distill label', () => {
  it('stores a data set, and says so when asked again', async () => {
    const first = await usual('whole', '--batch-size', '16');
    expect(first.printed).toMatch(/^60 samples labelled in .*, all 60 are in .*whole$/m);
    expect(first.told).toMatch(/teacher: 3 classes, logits, right about 100\.0 % of 16 samples/);
    expect((await usual('whole')).printed).toMatch(/all 60 samples are in .*whole already/);
  });

  it('estimates and stores nothing with --dry-run', async () => {
    const { printed } = await usual('dry', '--dry-run', '--hourly-price', '2', '--dtype', 'float16');
    expect(printed).toMatch(/60 samples of 10 bytes: .* about \d+ s at [\d,]+ samples\/s, costs \d+\.\d\d/);
    await expect(openTeacherStore(out('dry'))).rejects.toThrow();
  });

  it('prints JSON that says what was done', async () => {
    const { printed } = await usual('json', '--json', '--limit', '20', '--kind', 'probabilities');
    expect(JSON.parse(printed)).toMatchObject({
      ...{ samples: 20, labelled: 20, finished: true },
      header: { kind: 'probabilities', classes: 3 },
      check: { accuracy: 1, warnings: [] },
    });
  });

  it('stores layers besides, and the most likely classes alone', async () => {
    await usual('features', '--kind', 'features', '--features', 'hidden');
    const store = await openTeacherStore(out('features'));
    expect(store.header.features).toEqual({ hidden: [5] });
    store.dispose();
    const { printed } = await usual('top', '--kind', 'top-k', '--k', '2', '--json');
    expect(JSON.parse(printed)).toMatchObject({ header: { kind: 'topK', k: 2 } });
  });

  it('gives by shards and merge what one run gives', async () => {
    await usual('one');
    for (const shard of ['1/3', '2/3', '3/3']) await usual(`shard${shard[0]}`, '--shard', shard);
    const shards = [3, 1, 2].map((i) => out(`shard${i}`));
    const { printed } = await label('merge', ...shards, '--out', out('merged'));
    expect(printed).toMatch(/60 samples of 3 shards are together/);
    expect(await rowsOf('merged')).toEqual(await rowsOf('one'));
  });

  it('refuses shards that do not fit together', async () => {
    for (const shard of ['1/2', '2/2']) await usual(`half${shard[0]}`, '--shard', shard);
    await usual('other2', '--shard', '2/2', '--dtype', 'float16');
    await usual('third3', '--shard', '3/3');
    const [first, second, other, third] = ['half1', 'half2', 'other2', 'third3'].map(out) as [
      string,
      string,
      string,
      string,
    ];
    const merged = out('refused');
    await expect(mergeShards([first], merged)).rejects.toThrow(/Shard 2 of 2 is missing/);
    await expect(mergeShards([first, second, second], merged)).rejects.toThrow(/Shard 2 of 2 is given twice/);
    await expect(mergeShards([first, other], merged)).rejects.toThrow(/dtype float32, found float16/);
    await expect(mergeShards([first, third], merged)).rejects.toThrow(/shard 3 of 3 of 60 samples/);
    await expect(mergeShards([first, out('one')], merged)).rejects.toThrow(/is no shard/);
    const note = JSON.parse(await readFile(path.join(first, 'shard.json'), 'utf8')) as object;
    await writeFile(path.join(second, 'shard.json'), JSON.stringify({ ...note, index: 2, own: 29 }));
    await expect(mergeShards([first, second], merged)).rejects.toThrow(/has 30 of its 29 samples/);
  });

  it('stores nothing of a teacher that looks wrong, unless told to', async () => {
    const spec = out('wrong.yaml');
    await writeFile(spec, `model: teacher\nclasses: [1, 2, 0]\n`);
    const args = ['--teacher', spec, '--data', data, '--out', out('wrong'), '--engine', ENGINE];
    const { told, code } = await label(...args);
    expect(told).toMatch(/another order: with `classes: \[2, 0, 1\]` it is right about 100 %/);
    expect(told).toMatch(/nothing was stored\. .*--force/);
    expect(code).toBe(1);
    expect((await label(...args, '--force')).printed).toMatch(/60 samples labelled/);
  });

  it('refuses a folder of another teacher', async () => {
    await usual('taken', '--limit', '10');
    const { told } = await usual('taken', '--limit', '10', '--dtype', 'float16');
    expect(told).toMatch(/Expected stored teacher outputs with dtype float16, found float32/);
  });

  it.each([
    ['no teacher', ['--data', 'mnist', '--out', 'x'], /`--teacher` to be given/],
    ['a shard that is none', ['--shard', '4/3'], /`--shard` to be i\/n/],
    ['features without names', ['--kind', 'features'], /`--features` to be the names/],
    ['top-k without k', ['--kind', 'top-k'], /`--k` to be given/],
  ])('refuses %s in one line', async (_, args, message) => {
    const { told, code } = await (args.includes('--data') ? label(...args) : usual('refused', ...args));
    expect(told).toMatch(message);
    expect(told).not.toMatch(/ at .*\.ts/);
    expect(code).toBe(1);
  });
});
