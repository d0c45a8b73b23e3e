import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { prepareCompression } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { afterAll, describe, expect, it } from 'vitest';
import { tensorBoard } from '../../packages/node/src/plugins/tensorBoard.js';
import { mlp, problem } from '../fixtures/models.js';

const run = promisify(execFile);
const dir = await mkdtemp(join(tmpdir(), 'tensorboard-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

/** What TensorBoard's own reader makes of the files: tag → [step, value] pairs. */
const READER = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1]); events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}))
`;

const packages = join(dir, 'packages');
const installed = await run('python3', [
  '-m',
  'pip',
  'install',
  '-q',
  '--target',
  packages,
  'tensorboard',
  'setuptools<81',
]).then(
  () => true,
  () => false,
);

describe('tensorBoard', () => {
  it.skipIf(!installed)(
    'writes what TensorBoard reads (needs Python and its tensorboard from PyPI)',
    async () => {
      const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
      const logs = join(dir, 'logs');
      const manager = prepareCompression(student, {
        teacher,
        criterion: knowledgeDistillation(),
        plugins: [tensorBoard({ dir: logs, every: 1 })],
      });
      const { epochs } = await manager.fit(problem(8), { epochs: 2, batchSize: 4 });
      [manager, teacher, student].forEach((part) => void part.dispose());
      const { stdout } = await run('python3', ['-c', READER, logs], {
        env: { ...process.env, PYTHONPATH: packages },
      });
      const read = JSON.parse(stdout) as Record<string, [number, number][]>;
      expect(Object.keys(read)).toEqual(
        expect.arrayContaining(['step/loss', 'step/learningRate', 'epoch/kd']),
      );
      expect(read['epoch/loss']).toEqual(epochs.map(({ loss }, epoch) => [epoch, Math.fround(loss!)]));
      expect(read['step/loss']!.map(([step]) => step)).toEqual([0, 1, 2, 3]);
    },
  );
});
