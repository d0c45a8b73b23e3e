import { dispose, ones, tensor1d, type Tensor } from '@tensorflow/tfjs-core';
import {
  type Batch,
  outputTensors,
  prefetchingTeacher,
  prepareCompression,
  type TeacherSource,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { drawnAhead } from '../../../../packages/core/src/loop/announced.js';
import { CLASSES, mlp, problem } from '../../../fixtures/models.js';

/** Answers from elsewhere, with the order of events. */
function distant(events: string[]): TeacherSource {
  return {
    name: 'distant',
    signature: {},
    outputs: async ({ x, ids }) => {
      events.push(`asked ${ids?.[0]}`);
      await setTimeout(5);
      return { logits: ones([(x as Tensor).shape[0] ?? 0, CLASSES]), features: {} };
    },
  };
}

const batchOf = (id: number): Batch => ({ x: tensor1d([0]), ids: Int32Array.of(id) });

describe('prefetchingTeacher', () => {
  it('asks for the next batch before the step of this one ends', async () => {
    const events: string[] = [];
    const student = mlp(4, 1);
    const manager = prepareCompression(student, {
      teacher: prefetchingTeacher(distant(events)),
      criterion: knowledgeDistillation(),
    });
    manager.use({ name: 'ends', onStepEnd: ({ batch }) => void events.push(`trained ${batch.ids?.[0]}`) });
    await manager.fit(problem(24), { batchSize: 8, shuffle: false });
    expect(events.filter((event) => event.startsWith('asked'))).toEqual(['asked 0', 'asked 8', 'asked 16']);
    expect(events.indexOf('asked 8')).toBeLessThan(events.indexOf('trained 0'));
    expect(events.indexOf('asked 16')).toBeLessThan(events.indexOf('trained 8'));
    manager.dispose();
    student.dispose();
  });

  it('frees what was started and not asked for', async () => {
    const teacher = prefetchingTeacher(distant([]));
    teacher.prefetch?.(batchOf(1));
    teacher.prefetch?.(batchOf(2));
    teacher.dispose?.();
    await setTimeout(20); // the guard counts tensors
  });

  it('tells a failure when its batch is asked for, not before', async () => {
    const teacher = prefetchingTeacher({
      name: 'down',
      signature: {},
      outputs: () => {
        throw new Error('server down');
      },
    });
    const batch = batchOf(1);
    teacher.prefetch?.(batch);
    await setTimeout(1);
    await expect(teacher.outputs(batch)).rejects.toThrow('server down');
    expect(() => teacher.outputs(batchOf(2))).toThrow('server down');
  });

  it('starts anew for other taps', async () => {
    const events: string[] = [];
    const teacher = prefetchingTeacher(distant(events));
    const batch = batchOf(1);
    teacher.prefetch?.(batch);
    dispose(outputTensors(await teacher.outputs(batch, ['conv'])));
    expect(events).toHaveLength(2);
    teacher.dispose?.();
    await setTimeout(20);
  });
});

describe('drawnAhead', () => {
  const lent = (freed: number[]) =>
    async function* () {
      for (let i = 0; i < 4; i++) yield { i, free: () => void freed.push(i) };
    };

  it('gives the same items in the same order, each told before the one before it is used up', async () => {
    const events: string[] = [];
    for await (const { i } of drawnAhead(lent([])(), ({ i }) => void events.push(`drawn ${i}`))) {
      await setTimeout(1);
      events.push(`used ${i}`);
    }
    expect(events).toEqual([
      'drawn 0',
      'drawn 1',
      'used 0',
      'drawn 2',
      'used 1',
      'drawn 3',
      'used 2',
      'used 3',
    ]);
  });

  it('frees what was drawn and not used', async () => {
    const freed: number[] = [];
    for await (const { i } of drawnAhead(lent(freed)(), () => undefined)) if (i === 1) break;
    expect(freed).toEqual([2]);
  });

  it('throws what its source throws when it is its turn', async () => {
    const used: number[] = [];
    const source = async function* () {
      yield { free: () => undefined };
      throw new Error('unreadable');
    };
    const all = async () => {
      for await (const _ of drawnAhead(source(), () => undefined)) used.push(1);
    };
    await expect(all()).rejects.toThrow('unreadable');
    expect(used).toEqual([1]);
  });
});
