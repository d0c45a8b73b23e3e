import { IdIndex } from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const int32 = fc.oneof(fc.integer({ min: -5, max: 30 }), fc.integer());

describe('IdIndex', () => {
  it('finds what a map finds, wherever the parts are cut', () => {
    const property = fc.property(fc.uniqueArray(int32), fc.nat(40), fc.array(int32), (ids, cut, others) => {
      const index = new IdIndex([Int32Array.from(ids.slice(0, cut)), Int32Array.from(ids.slice(cut))]);
      const rows = new Map(ids.map((id, row) => [id, row]));
      const asked = Int32Array.from([...ids, ...others, ...ids]);
      expect([...index.rowsOf(asked)]).toEqual(Array.from(asked, (id) => rows.get(id) ?? -1));
      expect(index.size).toBe(ids.length);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('names the first sample that is missing, and how many more are', () => {
    const index = new IdIndex([Int32Array.of(1, 2)]);
    expect(() => index.expectRows(Int32Array.of(1, 9, 8, 9))).toThrow(
      'Expected a stored output for sample 9 (and 1 more of this batch), found none. 2 samples are stored',
    );
  });

  it('refuses a sample that comes twice', () => {
    expect(() => new IdIndex([Int32Array.of(4, 5), Int32Array.of(5)])).toThrow('got two for sample 5');
    expect(() => new IdIndex([Int32Array.of(4, 5, 6, 7), Int32Array.of(5)])).toThrow('got two for sample 5');
  });
});
