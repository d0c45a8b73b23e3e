import { describe, expect, it } from 'vitest';
import { portNumber, sampleCount, share, wholeNumber } from '../../../packages/node/src/cli/numbers.js';

describe('numbers of a command line', () => {
  it.each([
    ['a whole number', wholeNumber, '1e6', 1_000_000],
    ['a number of samples', sampleCount, '999999999', 999_999_999],
    ['a share', share, '0.5', 0.5],
    ['a free port', portNumber, '0', 0],
  ])('are read: %s', (_, read, text, value) => {
    expect(read(text)).toBe(value);
  });

  it.each([
    ['a whole number', wholeNumber, ['0', '1.5', 'x', '']],
    ['a number of samples', sampleCount, ['0', '1e3', '1.5', '1000000000', '']],
    ['a share', share, ['', '1.1', '-1', 'x']],
    ['a port', portNumber, ['65536', '-1', '1e3', '']],
  ])('are refused where they are not %s', (_, read, texts) => {
    for (const text of texts) expect(() => read(text), text).toThrow(/^Expected a /);
  });
});
