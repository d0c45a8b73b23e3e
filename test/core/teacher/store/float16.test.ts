import { setFloat16, getFloat16 } from '@petamoriken/float16';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float16Values, toFloat16 } from '../../../../packages/core/src/teacher/store/float16.js';

const view = new DataView(new ArrayBuffer(2));

/** What the library for half-precision numbers says. */
function reference(value: number): number {
  setFloat16(view, 0, value);
  return view.getUint16(0);
}

describe('float16', () => {
  it('reads every code as the library does', () => {
    const wrong = [...float16Values().keys()].filter((code) => {
      view.setUint16(0, code);
      return !Object.is(float16Values()[code], getFloat16(view, 0));
    });
    expect(wrong).toEqual([]);
  });

  it('gives back every code that is a number', () => {
    const values = float16Values();
    const wrong = [...values.keys()].filter((code) => {
      const value = values[code] ?? NaN;
      return !Number.isNaN(value) && toFloat16(value) !== code;
    });
    expect(wrong).toEqual([]);
  });

  it('rounds as the library does, ties to even', () => {
    const float32 = fc.float({ noNaN: true });
    fc.assert(
      fc.property(fc.oneof(float32, fc.float({ min: -1, max: 1, noNaN: true })), (value) => {
        expect(toFloat16(value)).toBe(reference(value));
      }),
      { numRuns: 3000 },
    );
    const values = float16Values();
    const between = Array.from(
      { length: 0x7bff },
      (_, i) => ((values[i] ?? NaN) + (values[i + 1] ?? NaN)) / 2,
    );
    expect(between.filter((value) => toFloat16(value) !== reference(value))).toEqual([]);
  });
});
