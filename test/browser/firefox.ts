import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';

/** The system's own Firefox; `FIREFOX` names another. */
export const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

export const hasFirefox = (): boolean => existsSync(FIREFOX);

/**
 * Opens a page in a headless Firefox with a profile of its own until `done` settles. Playwright drives only its own
 * build of Firefox, so the page has to report by itself.
 */
export async function runFirefox<T>(url: string, done: Promise<T>): Promise<T> {
  const profile = await mkdtemp(path.join(os.tmpdir(), 'distill-firefox-'));
  const firefox = execa(FIREFOX, ['--headless', '--no-remote', '--profile', profile, url], { reject: false });
  const ended = firefox.then(({ stderr }) => Promise.reject(new Error(`Firefox ended: ${stderr}`)));
  try {
    return await Promise.race([done, ended]);
  } finally {
    firefox.kill('SIGKILL');
    await firefox;
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
