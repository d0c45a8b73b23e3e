import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import checksum from '@chainsafe/fast-crc32c';
import { memoryCheckpoints, checkpoints, prepareCompression, type PluginLike } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileHeader, scalarEvent } from '../../../packages/node/src/plugins/eventFile.js';
import { nodePluginsModule, readHistory } from '../../../packages/node/src/plugins/index.js';
import { mlp, problem } from '../../fixtures/models.js';

let dir = '';
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'events-'))));
afterEach(() => rm(dir, { recursive: true, force: true }));

async function train(plugins: readonly PluginLike[], options = {}): Promise<void> {
  const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation(),
    plugins,
    modules: [nodePluginsModule],
  });
  try {
    await manager.fit(problem(8), { epochs: 2, batchSize: 4, ...options });
  } finally {
    [manager, teacher, student].forEach((part) => void part.dispose());
  }
}

describe('eventRecord', () => {
  it('has the checksum of the standard, masked', () => {
    expect(checksum.calculate(Buffer.from('123456789'))).toBe(0xe3069283);
    // the first record of any event file with wall time 0, as TensorFlow writes it
    const record = Buffer.from(fileHeader(0));
    expect(record.readBigUInt64LE(0)).toBe(BigInt(record.length - 16));
    expect(record.subarray(12, -4).toString('latin1')).toContain('brain.Event:2');
  });

  it('holds steps and values in the fields that TensorBoard reads', () => {
    const data = Buffer.from(scalarEvent(1.5, 300, { loss: 0.25 })).subarray(12, -4);
    const wallTime = Buffer.alloc(9);
    wallTime[0] = 0x09; // field 1, 64 bits
    wallTime.writeDoubleLE(1.5, 1);
    const value = Buffer.from([0x0a, 4, ...Buffer.from('loss'), 0x15, 0, 0, 0x80, 0x3e]); // tag, simple_value 0.25
    const summary = Buffer.from([0x2a, value.length + 2, 0x0a, value.length, ...value]);
    expect(data).toEqual(Buffer.concat([wallTime, Buffer.from([0x10, 0xac, 0x02]), summary]));
  });
});

describe('the plugins of files', () => {
  it('are known by their types, and write events of steps and epochs', async () => {
    await train([{ type: 'tensorboard', dir, every: 1 }]);
    const [file = ''] = await readdir(dir);
    const text = (await readFile(join(dir, file))).toString('latin1');
    for (const tag of ['step/loss', 'step/kd', 'step/learningRate', 'epoch/loss'])
      expect(text).toContain(tag);
  });

  it('keep the history, also over a resumed run', async () => {
    const path = join(dir, 'deep/history.jsonl');
    const store = memoryCheckpoints();
    const plugins = [{ type: 'history-file', path }, checkpoints({ dir: store })];
    await train(plugins);
    await train(plugins, { epochs: 3, resume: store });
    const rows = await readHistory(path);
    expect(rows.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(rows.every(({ loss }) => loss! > 0)).toBe(true);
  });
});
