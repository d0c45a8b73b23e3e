import { drawLabelled } from '@tfjs-distill/node';
import { describe, expect, it } from 'vitest';

describe('drawLabelled', () => {
  const labels = Int32Array.from({ length: 1000 }, (_, i) => (i * i) % 10); // uneven: squares end in 0, 1, 4, 5, 6, 9

  it('draws the same number of every class, no image twice', () => {
    const drawn = drawLabelled(labels, 60, 1);
    expect(new Set(drawn).size).toBe(60);
    const counts = new Map<number, number>();
    for (const i of drawn) counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
    expect([...counts.values()]).toEqual([10, 10, 10, 10, 10, 10]);
  });

  it('draws others for another seed, all if all are asked for', () => {
    expect(drawLabelled(labels, 60, 2)).not.toEqual(drawLabelled(labels, 60, 1));
    expect(drawLabelled(labels, 60, 2)).toEqual(drawLabelled(labels, 60, 2));
    expect(drawLabelled(labels, 1000, 1)).toHaveLength(1000);
  });

  it('never draws a sample without a label', () => {
    const some = Int32Array.of(-1, 0, -1, 1, 0, 1, -1);
    expect([...drawLabelled(some, 7, 1)].sort()).toEqual([1, 3, 4, 5]);
    expect([...drawLabelled(some, 2, 1)].map((i) => some[i]).sort()).toEqual([0, 1]);
  });
});
