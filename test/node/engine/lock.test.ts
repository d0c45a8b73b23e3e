import { spawn } from 'node:child_process';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exists } from '../../../packages/node/src/io/exists.js';
import { withInstallLock } from '../../../packages/node/src/engine/install/lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'distill-lock-'));
  vi.stubEnv('DISTILL_CACHE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('the install lock', () => {
  it('lets one install run at a time, and tells the other that it waits', async () => {
    const events: string[] = [];
    const install = (name: string) =>
      withInstallLock(
        (step) => events.push(`${name}: ${step}`),
        async () => {
          events.push(`${name} begins`);
          await sleep(400);
          events.push(`${name} ends`);
        },
      );
    const first = install('a');
    await sleep(100);
    await Promise.all([first, install('b')]);
    expect(events).toEqual([
      'a begins',
      'b: waiting for another install to end',
      'a ends',
      'b begins',
      'b ends',
    ]);
  });

  it('is released when the work fails', async () => {
    await expect(withInstallLock(undefined, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withInstallLock(undefined, () => Promise.resolve('yes'))).toBe('yes');
  });

  it('of a process that was killed does not bind the next', async () => {
    const source = `import lock from 'proper-lockfile'; import fs from 'node:fs';
      fs.mkdirSync(process.argv[1], { recursive: true });
      await lock.lock(process.argv[1], { stale: 10000 }); process.stdout.write('held'); setInterval(() => {}, 1000);`;
    const engines = path.join(folder, 'engines');
    const holder = spawn(process.execPath, ['--input-type=module', '-e', source, engines], {
      cwd: path.resolve('packages/node'),
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    holder.kill('SIGKILL');
    await new Promise((resolve) => holder.once('exit', resolve));
    expect(await exists(`${engines}.lock`)).toBe(true);
    const longAgo = new Date(Date.now() - 60_000); // stands for a minute's wait
    await utimes(`${engines}.lock`, longAgo, longAgo);
    expect(await withInstallLock(undefined, () => Promise.resolve('taken'))).toBe('taken');
  });

  it('says so where the folder cannot be written', async () => {
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    vi.stubEnv('DISTILL_CACHE', file);
    await expect(withInstallLock(undefined, () => Promise.resolve())).rejects.toThrow(
      `Expected ${file}/engines to be a folder that can be written. Set DISTILL_CACHE to one.`,
    );
  });
});
