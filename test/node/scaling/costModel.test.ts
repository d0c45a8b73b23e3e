import fc from 'fast-check';
import {
  allReduceSeconds,
  ETHERNET,
  labellingCost,
  type LabellingParts,
  limitOf,
  planLimits,
  planRows,
  trainingCost,
  type TrainingParts,
} from '@tfjs-distill/node/scaling';
import { describe, expect, it } from 'vitest';

const LABELLING: LabellingParts = {
  teacherSeconds: 1e-3,
  writeSeconds: 0,
  bytesPerRow: 44,
  shardSamples: 10_000,
  shardSeconds: 0.02,
  queueSeconds: 1e-3,
  mergeSeconds: 1e-6,
  startSeconds: 5,
};

const TRAINING: TrainingParts = {
  stepSeconds: 1e-3,
  sampleSeconds: 1e-4,
  fetchSeconds: 1e-6,
  gradientBytes: 1e6,
  batchSize: 64,
  epochs: 10,
  startSeconds: 5,
};

const seconds = (most: number) => fc.double({ min: 0, max: most, noNaN: true });
const labellingParts: fc.Arbitrary<LabellingParts> = fc.record({
  teacherSeconds: fc.double({ min: 1e-7, max: 10, noNaN: true }),
  writeSeconds: seconds(1e-3),
  bytesPerRow: fc.integer({ min: 1, max: 1e6 }),
  shardSamples: fc.integer({ min: 1, max: 1e6 }),
  shardSeconds: seconds(10),
  queueSeconds: seconds(1),
  mergeSeconds: seconds(1e-3),
  startSeconds: seconds(100),
});
const trainingParts: fc.Arbitrary<TrainingParts> = fc.record({
  stepSeconds: seconds(1),
  sampleSeconds: fc.double({ min: 1e-7, max: 1, noNaN: true }),
  fetchSeconds: seconds(1e-3),
  gradientBytes: fc.integer({ min: 4, max: 1e9 }),
  batchSize: fc.integer({ min: 1, max: 4096 }),
  epochs: fc.integer({ min: 1, max: 500 }),
  startSeconds: seconds(100),
});
const network = fc.record({ latencySeconds: seconds(1e-2), secondsPerByte: seconds(1e-7) });
const samples = fc.integer({ min: 1, max: 1e10 });
const workers = fc.integer({ min: 1, max: 10_000 });

/** At least, but for rounding. */
const atLeast = (value: number, least: number) => expect(value).toBeGreaterThanOrEqual(least * (1 - 1e-9));
const total = (spent: Readonly<Record<string, number>>) => Object.values(spent).reduce((a, b) => a + b, 0);

describe('labellingCost', () => {
  it('is what its description says', () => {
    expect(labellingCost(LABELLING, { samples: 1e8, workers: 100 }).seconds).toBeCloseTo(1107, 6);
  });

  it('takes no longer with more workers, and no less for more samples', () => {
    fc.assert(
      fc.property(labellingParts, samples, workers, workers, (parts, count, one, more) => {
        const time = (n: number, w: number) => labellingCost(parts, { samples: n, workers: w }).seconds;
        atLeast(time(count, one), time(count, one + more));
        atLeast(time(2 * count, one), time(count, one));
      }),
    );
  });

  it('never makes workers better than they are alone', () => {
    fc.assert(
      fc.property(labellingParts, samples, workers, (parts, count, many) => {
        const {
          efficiency,
          seconds: time,
          spent,
          workerSeconds,
        } = labellingCost(parts, { samples: count, workers: many });
        expect(efficiency).toBeGreaterThan(0);
        expect(efficiency).toBeLessThanOrEqual(1 + 1e-9);
        expect(total(spent)).toBeCloseTo(time, 6);
        expect(Math.min(...Object.values(spent))).toBeGreaterThanOrEqual(0);
        atLeast(many * time, workerSeconds);
      }),
    );
  });

  it('ends at the start, one shard or the queue, and the merge', () => {
    fc.assert(
      fc.property(labellingParts, samples, (parts, count) => {
        const size = Math.min(parts.shardSamples, count);
        const shard = size * (parts.teacherSeconds + parts.writeSeconds) + parts.shardSeconds;
        const queue = Math.ceil(count / size) * parts.queueSeconds;
        const least = parts.startSeconds + Math.max(shard, queue) + count * parts.mergeSeconds;
        const { seconds: time } = labellingCost(parts, { samples: count, workers: 1e11 });
        expect(time / least).toBeCloseTo(1, 6);
      }),
    );
  });

  it('is no faster with more processes than a machine has cores', () => {
    const on = (many: number) => labellingCost(LABELLING, { samples: 1e6, workers: many, slots: 2 }).seconds;
    expect(on(4)).toBeCloseTo(on(2), 6);
    expect(on(2) / on(1)).toBeCloseTo(0.5, 1);
  });
});

describe('allReduceSeconds', () => {
  it('is nothing alone, and what its description says', () => {
    expect(allReduceSeconds(1, 1e9, ETHERNET)).toBe(0);
    expect(allReduceSeconds(2, 1e6, ETHERNET)).toBeCloseTo(0.0009, 9);
  });

  it('grows with ranks and bytes, and the bytes’ part has a limit', () => {
    fc.assert(
      fc.property(workers, fc.integer({ min: 0, max: 1e9 }), network, (ranks, size, net) => {
        const time = allReduceSeconds(ranks, size, net);
        atLeast(allReduceSeconds(ranks + 1, size, net), time);
        atLeast(allReduceSeconds(ranks, size + 1000, net), time);
        const latency = 2 * Math.ceil(Math.log2(ranks)) * net.latencySeconds;
        atLeast(latency + 2 * size * net.secondsPerByte, time);
      }),
    );
  });
});

describe('trainingCost', () => {
  const time = (parts: TrainingParts, net: typeof ETHERNET, many: number, batch: 'shared' | 'own') =>
    trainingCost(parts, net, { samples: 1e6, workers: many, batch });

  it('is the epochs’ steps for one rank', () => {
    const steps = (10 * 1e6) / 64;
    expect(time(TRAINING, ETHERNET, 1, 'shared')?.seconds).toBeCloseTo(5 + steps * (1e-3 + 64 * 1.01e-4), 6);
  });

  it('cannot share a batch among more ranks than it has samples', () => {
    expect(time(TRAINING, ETHERNET, 64, 'shared')).toBeDefined();
    expect(time(TRAINING, ETHERNET, 65, 'shared')).toBeUndefined();
    expect(time(TRAINING, ETHERNET, 65, 'own')).toBeDefined();
  });

  it('never makes ranks better than one is alone, nor breaks Amdahl’s law', () => {
    fc.assert(
      fc.property(trainingParts, network, fc.nat(), (parts, net, seed) => {
        const many = 1 + (seed % parts.batchSize);
        for (const batch of ['shared', 'own'] as const) {
          const { efficiency, spent, seconds: all } = time(parts, net, many, batch)!;
          expect(efficiency).toBeLessThanOrEqual(1 + 1e-9);
          expect(total(spent) / all).toBeCloseTo(1, 9);
        }
        const { stepSeconds, sampleSeconds, fetchSeconds, batchSize, gradientBytes } = parts;
        const fixed = stepSeconds + allReduceSeconds(many, gradientBytes, net);
        const most = (stepSeconds + batchSize * (sampleSeconds + fetchSeconds)) / fixed;
        const speedUp = time(parts, net, 1, 'shared')!.seconds / time(parts, net, many, 'shared')!.seconds;
        if (fixed > 0) atLeast(Math.max(1, most), speedUp);
      }),
    );
  });

  it('takes no longer on a faster network', () => {
    fc.assert(
      fc.property(trainingParts, network, workers, (parts, net, many) => {
        const faster = { latencySeconds: net.latencySeconds / 2, secondsPerByte: net.secondsPerByte / 2 };
        atLeast(time(parts, net, many, 'own')!.seconds, time(parts, faster, many, 'own')!.seconds);
      }),
    );
  });

  it('hides the fetching of the next batch behind the sum', () => {
    const slow = { ...TRAINING, fetchSeconds: 1e-3 };
    const spent = time(slow, ETHERNET, 2, 'own')!.spent;
    expect(spent['summing gradients']).toBe(0);
    expect(spent['fetching batches']).toBeGreaterThan(0);
  });
});

describe('limitOf', () => {
  it('is where half of the time goes into what no worker shortens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 100 }), (shared, fixed) => {
        const predict = (many: number) => {
          const spent = { shared: shared / many, fixed };
          const all = total(spent);
          return {
            workers: many,
            samples: 1,
            seconds: all,
            spent,
            workerSeconds: all * many,
            efficiency: (shared + fixed) / (all * many),
          };
        };
        const limit = limitOf(predict, ['shared'])!;
        expect(limit.part).toBe('fixed');
        expect(Math.abs(limit.workers - (shared / fixed + 2))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('names what takes most, or that a batch has no more samples', () => {
    const model = { labelling: LABELLING, training: TRAINING, network: ETHERNET };
    const parts = (samples: number) => planLimits(model, samples).map(({ limit }) => limit?.part);
    expect(parts(1e10)).toEqual(['merging', 'summing gradients', 'the start']);
    expect(parts(1e5)[0]).toBe('the start');
    const noLatency = { latencySeconds: 0, secondsPerByte: 0 };
    const light = {
      ...model,
      training: { ...TRAINING, stepSeconds: 0, startSeconds: 0 },
      network: noLatency,
    };
    expect(planLimits(light, 1e6).slice(1)).toEqual([
      { samples: 1e6, work: 'training', limit: { workers: 64, part: 'the batch size' } },
      { samples: 1e6, work: 'training, a batch each', limit: undefined },
    ]);
  });
});

describe('planRows', () => {
  it('has a row for each size and number of workers, priced by the hour', () => {
    const model = { labelling: LABELLING, training: TRAINING, network: ETHERNET };
    const rows = planRows(model, { samples: [1e6, 1e8], workers: [1, 100], hourlyPrice: 2 });
    expect(rows.map((row) => [row.samples, row.workers])).toEqual([
      [1e6, 1],
      [1e6, 100],
      [1e8, 1],
      [1e8, 100],
    ]);
    const { seconds: time, cost } = rows[0]!.labelling!;
    expect(cost).toBeCloseTo((2 * time) / 3600, 9);
    expect(rows[1]!.training).toBeUndefined();
    expect(planRows(model, { samples: [1e6], workers: [1] })[0]!.labelling).not.toHaveProperty('cost');
  });

  it('asks less for labelling than for all workers’ time: one merges when the others have gone', () => {
    const model = { labelling: LABELLING, training: TRAINING, network: ETHERNET };
    const [row] = planRows(model, { samples: [1e8], workers: [100], hourlyPrice: 3600 });
    expect(row!.labelling!.cost).toBeCloseTo(100 * 1007 + 100, 6);
  });
});
