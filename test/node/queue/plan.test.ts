import { blockRows, shardRows } from '@tfjs-distill/node';
import { type LabellingPlan, planId, planLabelling, shardCount } from '@tfjs-distill/node/queue';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePlan, planText, shardSamples } from '../../../packages/node/src/queue/LabellingPlan.js';
import { placeAddress } from '../../../packages/node/src/queue/place/placeAddress.js';
import { labellingPlan as plan } from './labellingPlan.js';

describe('blockRows', () => {
  it('has every row in one shard, in order, all but the last of the same size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }), (samples, shardSize) => {
        const count = shardCount({ samples, shardSize });
        const rows = Array.from({ length: count }, (_, i) => [...blockRows(samples, shardSize, i + 1)]);
        expect(rows.flat()).toEqual([...shardRows(samples, { index: 1, count: 1 })]);
        expect(rows.slice(0, -1).every((shard) => shard.length === shardSize)).toBe(true);
        const sizes = rows.map((_, i) => shardSamples({ samples, shardSize }, i + 1));
        expect(sizes).toEqual(rows.map((shard) => shard.length));
        expect(blockRows(samples, shardSize, count + 1)).toHaveLength(0);
      }),
    );
  });
});

describe('planId', () => {
  it('stays where teacher and data are moved, and changes with what comes out', () => {
    const id = planId(plan);
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    const moved = {
      ...plan,
      teacher: { model: '/mnt/teacher' },
      data: { type: 'mnist', path: '/mnt' },
    } as const;
    expect(planId(moved)).toBe(id);
    const others: readonly LabellingPlan[] = [
      { ...plan, header: { ...plan.header, dtype: 'float16' } },
      { ...plan, split: 'test' },
      { ...plan, samples: 999 },
      { ...plan, shardSize: 128 },
      { ...plan, batchSize: 32 },
      { ...plan, out: '/other' },
    ];
    expect(new Set([plan, ...others].map(planId)).size).toBe(1 + others.length);
  });
});

describe('parsePlan', () => {
  it('reads what planText writes, in less than a thousand bytes', () => {
    expect(parsePlan(planText(plan))).toEqual(plan);
    expect(planText(plan).length).toBeLessThan(1000);
  });

  it.each(['{', '{"format":"tfjs-distill.labelling.2"}', planText({ ...plan, samples: 0 })])(
    'refuses %s',
    (text) => expect(() => parsePlan(text)).toThrow(/not one that this version knows\. Use the same version/),
  );
});

describe('planLabelling', () => {
  it('refuses a shard of no whole batches: its rows could differ from those of one process', async () => {
    const options = { teacher: 't', data: 'mnist', out: 'o', batchSize: 16, shardSize: 40 };
    await expect(planLabelling(options)).rejects.toThrow(
      /`--shard-size` to be a multiple of the batch size, 16, got 40/,
    );
  });
});

describe('placeAddress', () => {
  it('means the same to every process', () => {
    expect(placeAddress('labels').out).toMatch(/^\/.*labels$/);
    const endpoint = 'http://10.0.0.7:8333';
    expect(placeAddress('s3://bucket//a/b/', endpoint)).toEqual({ out: 's3://bucket/a/b', endpoint });
  });

  it.each([
    ['s3://bucket', undefined, /`--out` to be s3:\/\/bucket\/prefix, got "s3:\/\/bucket"/],
    ['gs://bucket/x', undefined, /`--out` to be a folder or s3:\/\/bucket\/prefix/],
    ['labels', 'http://host', /`--out` to be s3:\/\/bucket\/prefix, with --s3-endpoint/],
    ['s3://bucket/x', 'host:9000', /`--s3-endpoint` to be an address such as/],
  ])('refuses %s with %s', (out, endpoint, message) => {
    expect(() => placeAddress(out, endpoint)).toThrow(message);
  });
});
