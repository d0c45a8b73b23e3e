import { describe, expect, it } from 'vitest';
import { NATIVE, trained } from './rig.js';

describe.runIf(NATIVE)('a compiled step', () => {
  it('gives the losses and weights of an eager one', async () => {
    const eager = await trained({ steps: 50, stepRunner: 'eager' });
    const compiled = await trained({ steps: 50, stepRunner: 'auto' });
    eager.losses.forEach((loss, i) => expect(Math.abs(loss - compiled.losses[i]!)).toBeLessThan(1e-5));
    eager.weights.forEach((w, i) => expect(Math.abs(w - compiled.weights[i]!)).toBeLessThan(1e-5));
    expect(compiled.report?.compiled).toBeGreaterThan(40);
  });
});
