import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { RunFolder } from './RunFolder.js';
import { type RunRecord } from './RunRecord.js';

export interface NamedRun {
  readonly name: string;
  readonly record: RunRecord;
}

/**
 * The finished runs in folders.
 *
 * @param paths Folders of runs, their run.json, or folders of such folders as a sweep makes.
 * @throws DistillError `DATA` for a path without a finished run, or with a record of another format.
 */
export async function readRuns(paths: readonly string[]): Promise<NamedRun[]> {
  return (await Promise.all(paths.map(runsAt))).flat();
}

async function runsAt(path: string): Promise<NamedRun[]> {
  const info = await stat(path).catch(() => undefined);
  const folder = info?.isFile() ? dirname(path) : path;
  const own = await runIn(folder);
  if (own !== undefined) return [own];
  const names = info === undefined ? [] : (await readdir(folder)).sort();
  const below = await Promise.all(names.map((name) => runIn(join(folder, name))));
  const runs = below.filter((run) => run !== undefined);
  if (runs.length > 0) return runs;
  const why = info === undefined ? 'This folder does not exist.' : 'There is no finished run here.';
  const hint = info === undefined ? undefined : '`distill run … --resume` goes on with an unfinished one.';
  throw new DistillError('DATA', why, { where: path, ...(hint && { hint }) });
}

async function runIn(folder: string): Promise<NamedRun | undefined> {
  const record = await new RunFolder(folder).record();
  if (record === undefined) return undefined;
  if (record.format === 'tfjs-distill.run.1') return { name: basename(resolve(folder)), record };
  const found = `Expected a record of format tfjs-distill.run.1, found ${String(record.format)}.`;
  throw new DistillError('DATA', found, { where: join(folder, 'run.json') });
}
