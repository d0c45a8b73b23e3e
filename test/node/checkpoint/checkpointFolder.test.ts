import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import {
  checkpointNames,
  checkpoints,
  checkpointStore,
  decodeCheckpoint,
  disposeState,
  encodeCheckpoint,
  newestCheckpoint,
  prepareCompression,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { checkpointFolder } from '../../../packages/node/src/checkpoint/checkpointFolder.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mlp, problem } from '../../fixtures/models.js';

let dir = '';
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'checkpoints-'))));
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Trains one epoch of two steps with checkpoints in a folder. */
async function trainInto(folder: string, epochs = 1): Promise<void> {
  const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation(),
    plugins: [checkpoints({ dir: folder })],
  });
  try {
    await manager.fit(problem(8), { epochs, batchSize: 4 });
  } finally {
    [manager, teacher, student].forEach((part) => void part.dispose());
  }
}

describe('encodeCheckpoint', () => {
  it('gives back numbers of all kinds, tensors and lists', async () => {
    const state = {
      a: { loss: [0.1, NaN, Infinity, -0], name: 'x', none: null, yes: true },
      weights: [tensor1d([1.5, -2]), scalar(7, 'int32'), tensor1d([true, false], 'bool')],
    };
    const decoded = await decodeCheckpoint(await encodeCheckpoint(state));
    const weights = decoded['weights'] as Tensor[];
    expect(decoded['a']).toEqual({ ...state.a, loss: [0.1, NaN, Infinity, 0] });
    expect(weights.map(({ dtype, shape }) => [dtype, shape])).toEqual([
      ['float32', [2]],
      ['int32', []],
      ['bool', [2]],
    ]);
    expect([...(await weights[0]!.data()), ...(await weights[1]!.data())]).toEqual([1.5, -2, 7]);
    disposeState(decoded);
  });

  it('writes what other readers of safetensors read', async () => {
    const bytes = await encodeCheckpoint({ student: { w: tensor1d([1, 2, 3]) } });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
      string,
      unknown
    >;
    expect(length % 8).toBe(0);
    expect(header['student.w']).toEqual({ dtype: 'F32', shape: [3], data_offsets: [0, 12] });
    expect(Object.values(header['__metadata__'] as object).every((value) => typeof value === 'string')).toBe(
      true,
    );
    expect([...new Float32Array(bytes.slice(8 + length).buffer)]).toEqual([1, 2, 3]);
  });

  it('refuses a file of which any one byte was changed or lost', async () => {
    const bytes = await encodeCheckpoint({ w: tensor1d([1, 2, 3]), epoch: 3 });
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x04;
      await expect(decodeCheckpoint(changed)).rejects.toThrow('The checkpoint is damaged');
      await expect(decodeCheckpoint(bytes.subarray(0, at))).rejects.toThrow('The checkpoint is damaged');
    }
  });
});

describe('checkpointFolder', () => {
  it('is what a path names', async () => {
    await trainInto(join(dir, 'new/run'));
    expect(await checkpointNames(checkpointStore(join(dir, 'new/run')))).toEqual([
      'step-000000002.safetensors',
    ]);
  });

  it('is empty where there is no folder, and tells of one that is a file', async () => {
    expect(await checkpointFolder(join(dir, 'none')).list()).toEqual([]);
    await writeFile(join(dir, 'file'), '');
    await expect(checkpointFolder(join(dir, 'file')).list()).rejects.toThrow('a part of its path is a file');
    await expect(trainInto(join(dir, 'file'))).rejects.toThrow('a file has its name');
  });

  it('clears away what a killed process left half-written, and nothing else', async () => {
    await writeFile(join(dir, 'step-000000009.safetensors.123456'), 'half');
    await writeFile(join(dir, 'notes.txt'), 'mine');
    await trainInto(dir);
    expect((await readdir(dir)).sort()).toEqual(['notes.txt', 'step-000000002.safetensors']);
  });

  it.skipIf(process.getuid?.() === 0)(
    'refuses a folder without permission before any step (not as root)',
    async () => {
      await chmod(dir, 0o500);
      await expect(trainInto(dir)).rejects.toThrow('there is no permission');
    },
  );

  it('tells of a checkpoint that was deleted', async () => {
    await expect(checkpointFolder(dir).read('step-000000001.safetensors')).rejects.toThrow(
      'it does not exist',
    );
  });
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

describe('on a read-only disk', () => {
  it.skipIf(!canMount)('the run is refused before any step (needs root to mount)', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', dir]);
    try {
      await expect(trainInto(dir)).rejects.toThrow(
        /onTrainBegin of plugin "checkpoints".*cannot be written to: the file system is read-only/,
      );
    } finally {
      execFileSync('umount', [dir]);
    }
  });
});

describe('on a full disk', () => {
  it.skipIf(!canMount)(
    'the run ends with a clear error and the earlier checkpoint stays (needs root to mount)',
    async () => {
      const disk = join(dir, 'disk');
      await mkdir(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
      try {
        await trainInto(disk);
        const [name = ''] = await readdir(disk);
        const before = await readFile(join(disk, name));
        await fill(disk);
        await expect(trainInto(disk, 2)).rejects.toThrow(
          /disk is full\. Checkpoints written before are as they were/,
        );
        expect(await readFile(join(disk, name))).toEqual(before);
        const found = await newestCheckpoint(checkpointFolder(disk));
        expect(found?.name).toBe(name);
        disposeState(found!.state);
        expect((await readdir(disk)).sort()).toEqual(['filler', name]);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
});

/** Leaves no block free. */
async function fill(disk: string): Promise<void> {
  const parts: Buffer[] = [];
  for (;;) {
    parts.push(Buffer.alloc(1024, 1));
    try {
      await writeFile(join(disk, 'filler'), Buffer.concat(parts));
    } catch {
      return;
    }
  }
}
