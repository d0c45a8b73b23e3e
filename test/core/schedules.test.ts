import {
  annealing,
  constant,
  cosine,
  exponential,
  knobSchema,
  linear,
  mapKnob,
  parseOptions,
  type Progress,
  SCHEDULES,
  step,
  valueOf,
  warmUp,
} from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const at = (fraction: number, epoch = 0): Progress => ({
  epoch,
  epochs: 10,
  step: 0,
  globalStep: 0,
  fraction,
});

describe('schedules', () => {
  it.each([
    ['constant', constant({ value: 4 }), [4, 4, 4]],
    ['linear', linear({ from: 10, to: 1 }), [10, 5.5, 1]],
    ['cosine', cosine({ from: 1, to: 0 }), [1, 0.5, 0]],
    ['exponential', exponential({ from: 100, to: 1 }), [100, 10, 1]],
    ['warm-up', warmUp({ to: 2, part: 0.25 }), [0, 2, 2]],
  ])('%s has its values at the start, half-way and at the end', (_, schedule, values) => {
    [0, 0.5, 1].forEach((fraction, i) => expect(schedule(at(fraction))).toBeCloseTo(values[i]!, 10));
  });

  it.each([
    ['cosine', cosine({ from: 1, to: 0.01, warmUp: 0.1 }), 0.505],
    ['linear', linear({ from: 1, to: 0.01, warmUp: 0.1 }), 0.505],
    ['exponential', exponential({ from: 1, to: 0.01, warmUp: 0.1 }), 0.1],
  ])('%s rises in a line first if it warms up', (_, schedule, halfWay) => {
    [0, 0.5, 1, halfWay, 0.01].forEach((value, i) =>
      expect(schedule(at([0, 0.05, 0.1, 0.55, 1][i]!))).toBeCloseTo(value, 10),
    );
    expect(() => cosine({ from: 1, to: 0, warmUp: 1 })).toThrow(
      'cosine: Expected `warmUp` to be from 0, below 1',
    );
  });

  it('annealing comes down by whole epochs, from 5 to 1 unless told otherwise', () => {
    expect([0, 5, 9].map((epoch) => annealing()(at(epoch / 10 + 0.05, epoch)))).toEqual([5, 3, 1.4]);
    expect(annealing({ from: 3, to: 2 })(at(0.5, 5))).toBe(2.5);
    expect(annealing()({ ...at(0, 3), epochs: undefined })).toBe(5);
  });

  it('step drops by epochs', () => {
    const schedule = step({ from: 1, every: 2, factor: 0.1 });
    expect([0, 1, 2, 4].map((epoch) => schedule(at(0, epoch)))).toEqual([1, 1, 0.1, 0.1 ** 2]);
  });

  it.each([linear, cosine, exponential])('stay between their ends', (make) => {
    const bounded = fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (fraction) => {
      const value = make({ from: 8, to: 2 })(at(fraction));
      expect(value).toBeGreaterThanOrEqual(2 - 1e-9);
      expect(value).toBeLessThanOrEqual(8 + 1e-9);
    });
    fc.assert(bounded);
  });

  it('make themselves again from their JSON', () => {
    for (const schedule of [
      linear({ from: 3, to: 1 }),
      warmUp({ to: 1, part: 0.5 }),
      step({ from: 1, every: 2, factor: 0.5 }),
    ]) {
      const json: unknown = JSON.parse(JSON.stringify(schedule));
      const again = parseOptions(knobSchema(), json, 'test');
      expect(valueOf(again, at(0.3, 3))).toBe(schedule(at(0.3, 3)));
    }
  });

  it('are all known to config files', () => {
    for (const [type, make] of Object.entries(SCHEDULES)) {
      const options = { value: 1, from: 1, to: 2, every: 1, factor: 1, part: 1 };
      expect(make(options).toJSON()).toMatchObject({ type });
    }
  });

  it('refuse values that make no sense', () => {
    expect(() => exponential({ from: 0, to: 1 })).toThrow(
      'Expected `from, to` to be numbers above 0, got [0, 1].',
    );
    expect(() => step({ from: 1, every: 0, factor: 1 })).toThrow('1 or more, got 0.');
    expect(() => warmUp({ to: 1, part: 2 })).toThrow('above 0, at most 1, got 2.');
    expect(() => valueOf(() => NaN, at(0), 'temperature')).toThrow(
      'epoch 0, step 0: Expected `temperature` to be a schedule of finite numbers, got NaN.',
    );
  });
});

describe('mapKnob', () => {
  it('maps a number to a number and a schedule to a schedule', () => {
    expect(mapKnob(0.25, (value) => 1 - value)).toBe(0.75);
    expect(
      valueOf(
        mapKnob(linear({ from: 0, to: 1 }), (value) => 1 - value),
        at(0.25),
      ),
    ).toBe(0.75);
  });
});

describe('knobSchema', () => {
  it.each([
    [-1, 'Expected `knob` to be a number above 0, got -1.'],
    ['4', 'Expected `knob` to be a number above 0, or a schedule, got "4".'],
    [{ type: 'liner', from: 1, to: 2 }, 'a number above 0, or a schedule'],
  ])('refuses %s', (value, message) => {
    const parse = () => parseOptions(knobSchema({ above: 0 }), value, '');
    expect(parse).toThrow(message.replace('`knob`', '`options`'));
  });
});
