import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CheckpointStore, DistillError, messageOf } from '@tfjs-distill/core';
import writeFileAtomic from 'write-file-atomic';

/** What an interrupted write leaves beside a file: its name and a number. */
const UNFINISHED = /\.safetensors\.\d+$/;

/**
 * Checkpoints as files of a folder. Each is written beside its place, synced to the disk and then renamed, so that
 * under its name there is a whole file at every moment.
 *
 * @param dir Made when it is first written to. Relative to the working folder.
 * @example
 * await manager.fit(data, { epochs: 20, resume: checkpointFolder('runs/a') });
 */
export function checkpointFolder(dir: string): CheckpointStore {
  const folder = resolve(dir);
  return {
    name: dir,
    list: () => list(folder, dir),
    read: (name) =>
      readFile(join(folder, name)).catch((cause: unknown) => {
        throw failure(`${join(dir, name)} cannot be read`, cause);
      }),
    write: async (name, bytes) => {
      try {
        await mkdir(folder, { recursive: true });
        await writeFileAtomic(
          join(folder, name),
          Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        );
      } catch (cause) {
        throw failure(`${join(dir, name)} cannot be written`, cause);
      }
    },
    remove: (name) => rm(join(folder, name), { force: true }),
    prepare: () => prepare(folder, dir),
  };
}

async function list(folder: string, dir: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return [];
    throw failure(`${dir} cannot be read`, cause);
  }
}

/** Makes sure that the folder can be written to, and clears away what a killed process left half-written. */
async function prepare(folder: string, dir: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    const names = await readdir(folder);
    for (const name of names.filter((other) => UNFINISHED.test(other)))
      await rm(join(folder, name), { force: true });
  } catch (cause) {
    throw failure(`${dir} cannot be written to`, cause);
  }
}

function failure(what: string, cause: unknown): DistillError {
  const reason = REASONS[codeOf(cause) ?? ''] ?? messageOf(cause);
  return new DistillError('DATA', `${what}: ${reason}.`, {
    where: 'checkpoint',
    hint: 'Checkpoints written before are as they were.',
    cause,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of disk space is used up',
  EACCES: 'there is no permission',
  EPERM: 'there is no permission',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a file has its name',
};

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
