import { prepareCompression } from '@tfjs-distill/core';
import { criteria, lossesModule } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp } from '../fixtures/models.js';

describe('lossesModule', () => {
  it('lets a configuration name a criterion by its type, and offers the nearest for a slip', () => {
    const [teacher, student] = [mlp(8, 1), mlp(4, 2)];
    const prepare = (type: string) =>
      prepareCompression(student, { teacher, criterion: { type }, modules: [lossesModule] });
    prepare('kd').dispose();
    expect(() => prepare('dkd2')).toThrow(/Unknown criterion type "dkd2". Did you mean "dkd"/);
    teacher.dispose();
    student.dispose();
  });

  it('lists each criterion under its own type', () => {
    for (const [type, factory] of Object.entries(criteria)) expect(factory.type).toBe(type);
  });
});
