import { createRequire } from 'node:module';
import { version_core } from '@tensorflow/tfjs-core';
import { version_layers } from '@tensorflow/tfjs-layers';
import { execa } from 'execa';

/** Versions of what computes: a run can be repeated with them. */
export function versions(engineVersion: string): Record<string, string> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return {
    node: process.version,
    'tfjs-distill': version,
    'tfjs-core': version_core,
    'tfjs-layers': version_layers,
    engine: engineVersion,
  };
}

/** Commit of the project around a folder, `-dirty` behind it where tracked files have changes; `undefined` outside of git. */
export async function gitCommit(folder: string): Promise<string | undefined> {
  const git = (...words: string[]) => execa('git', words, { cwd: folder, reject: false, timeout: 10_000 });
  const head = await git('rev-parse', 'HEAD');
  if (head.exitCode !== 0) return undefined;
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return changes.stdout === '' ? head.stdout : `${head.stdout}-dirty`;
}
