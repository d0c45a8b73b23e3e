import { planId, shardCount, type WorkerReport } from '@tfjs-distill/node/queue';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeProgress, queueDisplay } from '../../../packages/node/src/cli/label/queueDisplay.js';
import { progressMetrics } from '../../../packages/node/src/queue/metrics/progressMetrics.js';
import { queueProgress } from '../../../packages/node/src/queue/QueueProgress.js';
import { RateMeter } from '../../../packages/node/src/queue/RateMeter.js';
import { labellingPlan as plan } from './labellingPlan.js';

const labelling = planId(plan);

const worker = (id: string, ...active: WorkerReport['active']): WorkerReport => {
  return { id, host: id, pid: 7, active, rows: 500, rowsPerSecond: 100, metrics: [] };
};

describe('queueProgress', () => {
  it('counts a shard and its rows once, whoever else is at it', () => {
    const shard = { labelling, shard: 3, samples: 64 };
    const twice = [worker('a', { ...shard, rows: 16 }), worker('b', { ...shard, rows: 32 })];
    const foreign = worker('c', { labelling: 'other', shard: 4, rows: 5, samples: 9 });
    const done = new Set([1, 16]); // the last one is of 40 samples
    const failed = new Map([[5, 'broken']]);
    expect(queueProgress(plan, { done, failed, workers: [...twice, foreign], retries: 2 })).toMatchObject({
      ...{ samples: 1000, rows: 64 + 40 + 32, rowsPerSecond: 200, retries: 2 },
      shards: { done: 2, active: 1, failed: 1, waiting: 12 },
    });
  });

  it('has every shard in one state, and never more rows than there are', () => {
    const some = fc.uniqueArray(fc.integer({ min: 1, max: shardCount(plan) }));
    fc.assert(
      fc.property(some, some, some, (done, failed, active) => {
        const busy = active.map((shard, i) =>
          worker(String(i), { labelling, shard, rows: 10, samples: shard === 16 ? 40 : 64 }),
        );
        const lost = failed.filter((shard) => !done.includes(shard));
        const { rows, shards } = queueProgress(plan, {
          done: new Set(done),
          failed: new Map(lost.map((shard) => [shard, ''])),
          ...{ workers: busy, retries: 0 },
        });
        expect(shards.done + shards.active + shards.failed + shards.waiting).toBe(shardCount(plan));
        expect(Math.min(...Object.values<number>({ ...shards }))).toBeGreaterThanOrEqual(0);
        expect(rows).toBeLessThanOrEqual(plan.samples);
      }),
    );
  });
});

describe('RateMeter', () => {
  it('is the rate of the last 15 seconds, of less at the beginning', () => {
    const meter = new RateMeter(0);
    expect(meter.perSecond(0)).toBe(0);
    meter.add(100, 1000);
    expect(meter.perSecond(2000)).toBe(50);
    meter.add(300, 16_500); // the first is forgotten
    expect(meter.perSecond(16_500)).toBe(20);
    expect(meter.perSecond(40_000)).toBe(0);
  });
});

const progress = queueProgress(plan, {
  done: new Set([1]),
  failed: new Map([[9, 'broken']]),
  workers: [worker('gpu1', { labelling, shard: 2, rows: 36, samples: 64 })],
  retries: 1,
});

describe('the view of a labelling', () => {
  it('is one line where there is no terminal', () => {
    expect(describeProgress(progress)).toBe(
      '100 of 1,000 samples, 100/s, 9 s left; 1 worker, shards: 1 done, 1 active, 13 waiting, 1 failed, 1 begun again',
    );
  });

  it('has a bar for all and one for each worker in a terminal', async () => {
    const written: string[] = [];
    const stream = {
      ...{
        isTTY: true,
        columns: 120,
        rows: 40,
        once: () => stream,
        removeListener: () => stream,
        on: () => stream,
      },
      ...{ cursorTo: () => true, moveCursor: () => true, clearLine: () => true, clearScreenDown: () => true },
      write: (text: string) => written.push(text) > 0,
    };
    const display = queueDisplay('redis://host', stream as unknown as NodeJS.WriteStream);
    display.update(progress);
    await pause(250); // it draws ten times a second
    display.update({ ...progress, workers: [] });
    display.stop();
    const all = written.join('');
    expect(all).toMatch(/10% \| 100\/1000 samples \| 100\/s \| 9 s left/);
    expect(all).toMatch(/1 worker, shards: 1 done, 1 active, 13 waiting/);
    expect(all).toMatch(/gpu1:7 \| shard 2 \| 100\/s/);
  });
});

describe('progressMetrics', () => {
  it('is what Prometheus reads', async () => {
    const page = await progressMetrics(progress);
    for (const line of ['distill_samples 1000', 'distill_rows 100', 'distill_rows_per_second 100'])
      expect(page).toMatch(new RegExp(`^${line}$`, 'm'));
    expect(page).toMatch(/^distill_shards\{state="waiting"\} 13$/m);
    expect(page).toMatch(/^distill_shards\{state="failed"\} 1$/m);
    expect(page).toMatch(/^# TYPE distill_retries gauge$/m);
  });
});
