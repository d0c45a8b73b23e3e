import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createTeacherStore, openTeacherStore } from '@tfjs-distill/node';
import { expect, it } from 'vitest';
import { KILLS } from '../kills.js';
import { project } from '../../node/label/labelled.js';

const COUNT = 4000;
const BIN = fileURLToPath(new URL('../../../packages/node/src/cli/bin.ts', import.meta.url));
const FLAGS = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];

/** Labels in a process of its own; sends it a signal so many milliseconds after it has begun to store. */
async function label(args: readonly string[], signal?: NodeJS.Signals, after = 0) {
  const child = spawn(process.execPath, [...FLAGS, BIN, 'label', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const told: string[] = [];
  const begun = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      told.push(String(chunk));
      if (told.join('').includes(' bytes: ')) resolve();
    });
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, ending) => resolve({ code, signal: ending }));
  });
  if (signal !== undefined) {
    await Promise.race([begun, ended]);
    await pause(after);
    child.kill(signal);
  }
  const end = await ended;
  if (end.code !== 0 && end.code !== 130 && end.signal === null) throw new Error(told.join(''));
  return end;
}

async function rowsOf(folder: string): Promise<readonly number[]> {
  const store = await openTeacherStore(folder);
  const { logits } = await store.rows(Int32Array.from({ length: COUNT }, (_, i) => i));
  const values = [...(await logits.data())];
  logits.dispose();
  store.dispose();
  return values;
}

it(`labels to the same store though it is killed ${KILLS} times or stopped by Ctrl-C`, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-'));
  const { teacher, data } = await project(folder, COUNT);
  const args = (out: string) => [
    '--teacher',
    teacher,
    '--data',
    data,
    '--out',
    path.join(folder, out),
    '--batch-size',
    '8',
    '--engine',
    'cpu',
  ];
  await label(args('whole'));
  const wanted = await rowsOf(path.join(folder, 'whole'));
  let [kills, stores, stopped] = [0, 0, 0];
  while (kills < KILLS) {
    const out = `killed${stores++}`;
    let kept = 0;
    for (let finished = false; !finished;) {
      const signal = kills % 10 === 9 || kills === KILLS - 1 ? 'SIGINT' : 'SIGKILL';
      const end = await label(args(out), kills < KILLS ? signal : undefined, Math.random() * 120);
      if (end.code === 130) stopped += 1;
      if (end.signal === 'SIGKILL' || end.code === 130) kills += 1;
      finished = end.code === 0;
      if (finished) break;
      const store = await openTeacherStore(path.join(folder, out)).catch(() => undefined);
      store?.dispose(); // killed after the last row, before it said so
      if (store !== undefined) break;
      const header = { classes: 3, ...(await headerOf(path.join(folder, 'whole'))) };
      const { size } = await createTeacherStore(path.join(folder, out), header);
      expect(size).toBeGreaterThanOrEqual(kept); // what was labelled is never lost
      kept = size;
    }
    expect(await rowsOf(path.join(folder, out))).toEqual(wanted);
  }
  expect(stopped).toBeGreaterThan(0);
  await rm(folder, { recursive: true });
}, 1_800_000); // each kill costs the start of a process

async function headerOf(folder: string): Promise<{ teacher: string; dataset: string }> {
  const store = await openTeacherStore(folder);
  const { teacher, dataset } = store.header;
  store.dispose();
  return { teacher, dataset };
}
