import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derivationsOf, derived } from '../../../packages/node/src/compiled/derivedNumber.js';

const knob = fc.double({ min: 0.01, max: 50, noNaN: true });

describe('derivationsOf', () => {
  it('finds what a criterion makes of its temperature and weights, and has no doubt where it is wrong', () => {
    const made: ((alpha: number, temperature: number, batch: number) => number)[] = [
      (alpha) => 1 - (1 - alpha),
      (_, temperature) => -1 / temperature,
      (_, temperature, batch) => (temperature * temperature) / batch,
      (alpha, temperature, batch) => (alpha * temperature ** 2) / batch,
    ];
    const steps = fc.array(fc.tuple(knob, knob), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 512 }), fc.constantFrom(...made), (all, batch, make) => {
        const uploaded = all.map(([alpha, temperature]) => Math.fround(make(alpha, temperature, batch)));
        const [first, ...others] = all.map((numbers) => [NaN, ...numbers]) as [number[], ...number[][]];
        const found = derivationsOf(uploaded[0]!, first).filter((each) =>
          others.slice(0, 3).every((numbers, i) => near(derived(each, numbers), uploaded[i + 1]!)),
        );
        expect(found.length).toBeGreaterThan(0);
        const last = found.map((each) => derived(each, others[3]!));
        if (last.every((value) => near(value, last[0]!))) expect(near(last[0]!, uploaded[4]!)).toBe(true);
      }),
    );
  });

  it('finds nothing for a sum, for 0, and where the numbers are unknown', () => {
    expect(derivationsOf(Math.fround(0.3 + 7.1), [NaN, 0.3, 7.1])).toEqual([]);
    expect(derivationsOf(0, [0.1, 2])).toEqual([]);
    expect(derivationsOf(2, [NaN])).toEqual([]);
  });

  it('says by what', () => {
    expect(derivationsOf(12.5, [NaN, 10])).toContainEqual({ scale: 1 / 8, factors: [[1, 2]] });
  });
});

/** To the last bit of 32: the order of multiplication may change that one. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1.2e-7 * Math.abs(b);
}
