import { fork } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openTeacherStore } from '@tfjs-distill/node';
import { describe, expect, it } from 'vitest';
import { KILLS } from '../kills.js';

const CHILD = join(import.meta.dirname, 'fillStore.ts');
const FLAGS = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];
const SAMPLES = 30_000;

/** Fills a store in a process of its own; kills it with SIGKILL so many milliseconds after it began. */
async function fill(folder: string, killAfter = Infinity): Promise<'killed' | 'done'> {
  const child = fork(CHILD, [folder, String(SAMPLES)], { execArgv: FLAGS });
  const ended = new Promise<'killed' | 'done'>((done, fail) => {
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') done('killed');
      else if (code === 0) done('done');
      else fail(new Error(`The child ended with ${code ?? signal}.`));
    });
  });
  const begun = new Promise((done) => child.once('message', done));
  await Promise.race([begun, ended]);
  if (Number.isFinite(killAfter)) {
    await setTimeout(killAfter);
    child.kill('SIGKILL');
  }
  return ended;
}

async function contents(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).sort();
  const all = await Promise.all(
    files.map(async (file) => [file, (await readFile(join(folder, file))).toString('base64')]),
  );
  return Object.fromEntries(all) as Record<string, string>;
}

// 50 starts of a process: two minutes on a quiet machine, eight on a busy one
describe('a store whose writer is killed', { timeout: 1_800_000 }, () => {
  it(`at ${KILLS} random moments is, once it is whole, byte for byte the uninterrupted one`, async () => {
    const place = await mkdtemp(join(tmpdir(), 'distill-kill-'));
    const whole = join(place, 'whole');
    expect(await fill(whole)).toBe('done');
    const wanted = await contents(whole);
    expect(Object.keys(wanted).length).toBeGreaterThan(50);
    let [kills, stores] = [0, 0];
    while (kills < KILLS) {
      const folder = join(place, `killed-${stores++}`);
      let kept = 0;
      for (let end = 'killed'; end === 'killed';) {
        end = await fill(folder, kills < KILLS ? Math.random() * 150 : Infinity);
        if (end === 'killed') kills += 1;
        const shards = (await readdir(folder)).filter((file) => file.endsWith('.arrow')).length;
        expect(shards).toBeGreaterThanOrEqual(kept); // nothing that was stored is lost
        kept = shards;
      }
      expect(await contents(folder)).toEqual(wanted);
    }
    const store = await openTeacherStore(whole);
    expect(store.size).toBe(SAMPLES);
    store.dispose();
    await rm(place, { recursive: true });
  });
});
