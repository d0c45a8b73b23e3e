import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { measureLatency } from '../../../packages/core/src/metrics/measureLatency.js';

describe('the latency', () => {
  it('is of the passes after the warm-up', async () => {
    let passes = 0;
    const slowAtFirst = () => sleep(passes++ < 2 ? 60 : 1).then(() => undefined);
    const { batch, p50, p95 } = await measureLatency(8, slowAtFirst, { runs: 9, warmUp: 2 });
    expect(passes).toBe(11);
    expect(batch).toBe(8);
    expect(p50).toBeLessThan(50);
    expect(p95).toBeGreaterThanOrEqual(p50);
  });

  it('stops after its time limit, with three passes at least', async () => {
    let passes = 0;
    await measureLatency(1, () => sleep(20).then(() => void passes++), { limit: 1 });
    expect(passes).toBe(1 + 3);
  });
});
