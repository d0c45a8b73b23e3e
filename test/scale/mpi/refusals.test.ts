import { describe, expect, it } from 'vitest';
import { MPIRUN, titled } from '../tools.js';
import { train, trained } from './trained.js';
import { type RankOptions, type RankOutcome } from './trainRank.js';

const SHORT: RankOptions = { engine: 'wasm', samples: 128, batchSize: 64, epochs: 2 };
const failed = (options: Partial<RankOptions>) => train(2, [{ ...SHORT, ...options }]);

describe.skipIf(MPIRUN === undefined)(titled('what two ranks refuse', MPIRUN, 'openmpi-bin'), () => {
  it.each([
    ['that compares the samples of a batch', { type: 'dist' }, /"dist" compares the samples of a batch/],
    ['that adds up over the batch', { type: 'kd', reduction: 'sum' }, /"kd" adds up over the samples/],
  ])('a criterion %s, by name', async (_, criterion, message) => {
    const { code, stderr } = await failed({ criterion });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  it('a loop that gives all ranks the same samples', async () => {
    const { code, stderr } = await failed({ ownLoop: 'whole' });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/All ranks train on the same samples.*partOf/);
  });

  it('to go on when one of them has failed: the other says why at once', async () => {
    const { code, stderr, seconds } = await failed({ throwAt: [1, 1], epochs: 50 });
    expect(code).not.toBe(0);
    expect(stderr).toContain('this rank has a fault');
    expect(stderr).toMatch(/rank 0: .*Rank 1 of 2 has failed: .*this rank has a fault/);
    expect(seconds).toBeLessThan(60);
  });
});

describe.skipIf(MPIRUN === undefined)(titled('two ranks', MPIRUN, 'openmpi-bin'), () => {
  it('stop together when one of them asks to', async () => {
    const [outcome] = await trained(2, [{ ...SHORT, stopAt: [1, 2], epochs: 10 }]);
    const { steps, stopReason } = outcome!;
    expect({ steps, stopReason }).toEqual({ steps: 3, stopReason: 'another rank asked to stop' });
  });

  it('with batch norm keep one student: statistics are averaged, and the first rank says what differs', async () => {
    const options = { ...SHORT, batchNorm: true, epochs: 10 };
    const { code, stderr, stdout } = await train(2, [options]);
    expect(code, stderr).toBe(0);
    expect(stderr.match(/Batch norm normalizes by each rank's part of a batch/g)).toHaveLength(1);
    const [together] = JSON.parse(stdout) as RankOutcome[];
    const [alone] = await trained(0, [options]);
    const distance = (i: number) =>
      Math.max(...together!.weights[i]!.map((weight, k) => Math.abs(weight - alone!.weights[i]![k]!)));
    const [mean, variance] = [4, 5].map(distance); // of dense kernel and bias, then gamma, beta, mean, variance
    expect(mean).toBeGreaterThan(1e-6);
    expect(mean).toBeLessThan(0.2);
    expect(variance).toBeLessThan(0.2);
  });
});
