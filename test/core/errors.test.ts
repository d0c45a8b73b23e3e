import { didYouMean, expected, HookError, shapeMismatch, show, unknownName } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';

describe('errors', () => {
  it('say the rule, the value, the place and the remedy in one line', () => {
    const error = expected('temperature', 'a number above 0', -1, {
      where: 'knowledgeDistillation',
      hint: 'Usual values are 2 to 8.',
    });
    expect(error.message).toBe(
      'knowledgeDistillation: Expected `temperature` to be a number above 0, got -1. Usual values are 2 to 8.',
    );
    expect(error.code).toBe('OPTION');
  });

  it('name both shapes that do not fit', () => {
    const error = shapeMismatch('the same shape', { teacherLogits: [null, 10], studentLogits: [null, 12] });
    expect(error.message).toBe(
      'Expected the same shape, got `teacherLogits` [null, 10] and `studentLogits` [null, 12].',
    );
  });

  it('offer the nearest name, or list the known ones', () => {
    expect(unknownName('option', 'temprature', ['temperature', 'alpha']).message).toBe(
      'Unknown option "temprature". Did you mean "temperature"?',
    );
    expect(unknownName('option', 'zzz', ['temperature', 'alpha']).message).toBe(
      'Unknown option "zzz". Known: temperature, alpha.',
    );
    expect(didYouMean('x', [])).toBeUndefined();
  });

  it('attribute a hook failure to plugin, hook, epoch and step, and keep the cause', () => {
    const cause = new RangeError('boom');
    const error = new HookError('onStepEnd', 'history', 2, 17, cause);
    expect(error.message).toBe('onStepEnd of plugin "history" (epoch 2, step 17) threw: boom');
    expect(error.cause).toBe(cause);
  });

  it.each([
    ['a', '"a"'],
    [[1, 2], '[1, 2]'],
    [{ a: 1 }, 'an object with a'],
    [new Map(), 'a Map'],
    [undefined, 'undefined'],
    [NaN, 'NaN'],
  ])('show %s as %s', (value, text) => {
    expect(show(value)).toBe(text);
  });
});
