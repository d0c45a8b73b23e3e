import { memory, scalar, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EpochMeans } from '../../packages/core/src/EpochMeans.js';
import { LazyScalar } from '../../packages/core/src/LazyScalar.js';
import { mlp, problem } from '../fixtures/models.js';

const reads = vi.hoisted(() => ({ cheap: true }));
vi.mock('../../packages/core/src/cheapReads.js', () => ({ readsAreCheap: () => reads.cheap }));

beforeEach(() => {
  reads.cheap = true;
});

async function history(data: ReturnType<typeof problem>) {
  const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation(),
    optimizer: train.sgd(0.1),
  });
  const { epochs } = await manager.fit(data, { epochs: 2, batchSize: 8 });
  manager.dispose();
  teacher.dispose();
  student.dispose();
  return epochs;
}

describe('the means of an epoch', () => {
  it('are the same whether summed in JavaScript or on the device', async () => {
    const data = problem(64);
    const inJavaScript = await history(data);
    reads.cheap = false;
    const tensors = memory().numTensors;
    const onDevice = await history(data);
    expect(memory().numTensors).toBe(tensors);
    expect(onDevice).toHaveLength(2);
    onDevice.forEach((logs, epoch) => {
      expect(Object.keys(logs)).toEqual(['loss', 'task', 'kd']);
      for (const [name, mean] of Object.entries(logs))
        expect(mean).toBeCloseTo(inJavaScript[epoch]![name]!, 5);
    });
  });

  it.each([true, false])('go on as they were begun, on an engine of the other kind (%s)', async (cheap) => {
    reads.cheap = cheap;
    const begun = new EpochMeans();
    const losses = [2, 6].map((value) => new LazyScalar(scalar(value)));
    await begun.add({ loss: losses[0]! });
    reads.cheap = !cheap;
    const resumed = new EpochMeans();
    resumed.restore(begun.state);
    await resumed.add({ loss: losses[1]! });
    expect(await resumed.read()).toEqual({ loss: 4 });
    for (const each of [begun, resumed]) each.reset();
    for (const loss of losses) loss.dispose();
  });
});
