import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointNames, disposeState, newestCheckpoint } from '@tfjs-distill/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KILLS } from '../kills.js';
import { checkpointFolder } from '../../../packages/node/src/checkpoint/checkpointFolder.js';
import { trainChild } from './child.js';

let dir = '';
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'signals-'))));
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('a training that is interrupted', () => {
  it('ends after the step, leaves a checkpoint, exits with 130, and goes on bit for bit', async () => {
    const whole = await trainChild(join(dir, 'whole'), 3).ended;
    const child = trainChild(join(dir, 'cut'), 3, 20);
    await child.lines(7);
    child.process.kill('SIGINT');
    const { code, said, errors } = await child.ended;
    expect([code, errors]).toEqual([130, '']);
    const steps = said.filter((line) => line.startsWith('step')).length;
    expect(steps).toBeLessThan(30);
    const [newest] = await checkpointNames(checkpointFolder(join(dir, 'cut')));
    expect(newest).toBe(`step-${String(steps).padStart(9, '0')}.safetensors`);
    const resumed = await trainChild(join(dir, 'cut'), 3).ended;
    const weights = (line = '') => line.split(': ')[1];
    expect(resumed.said[0]).toBe(`step ${steps}`);
    expect(weights(resumed.said.at(-1))).toBe(weights(whole.said.at(-1)));
    expect(weights(whole.said.at(-1))).toMatch(/\d/);
  });

  it('exits with 143 after SIGTERM', async () => {
    const child = trainChild(dir, 50, 20);
    await child.lines(2);
    child.process.kill('SIGTERM');
    expect((await child.ended).code).toBe(143);
  });

  it('exits at once after a second signal, and keeps the checkpoints of before', async () => {
    const child = trainChild(dir, 50, 5000); // a step takes five seconds
    await child.lines(2);
    const began = performance.now();
    child.process.kill('SIGINT');
    setTimeout(() => child.process.kill('SIGINT'), 200);
    expect((await child.ended).code).toBe(130);
    expect(performance.now() - began).toBeLessThan(2500);
    const found = await newestCheckpoint(checkpointFolder(dir));
    expect(found?.name).toBe('step-000000001.safetensors');
    disposeState(found!.state);
  });
});

describe('a training whose hook throws', () => {
  it('names the plugin and leaves the last whole step', async () => {
    const { code, errors } = await trainChild(dir, 3, 1, 4).ended;
    expect(code).toBe(1);
    expect(errors).toContain('onStepEnd of plugin "teller" (epoch 0, step 4) threw: boom');
    expect((await checkpointNames(checkpointFolder(dir)))[0]).toBe('step-000000004.safetensors');
  });
});

describe('a training that is killed', () => {
  it(`at ${KILLS} random moments always has a newest complete checkpoint, and ends as the whole one`, async () => {
    const whole = await trainChild(join(dir, 'whole'), 60).ended;
    const cut = join(dir, 'cut');
    const store = checkpointFolder(cut);
    const random = seeded(7);
    let last = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = trainChild(cut, 60);
      await child.lines(2 + Math.floor(random() * 10)); // the second step comes after the first checkpoint
      await new Promise((resolve) => setTimeout(resolve, random() * 12)); // within a step or a write
      child.process.kill('SIGKILL');
      const { signal, errors } = await child.ended;
      expect([errors, signal]).toEqual(['', 'SIGKILL']);
      const found = await newestCheckpoint(store);
      expect(found?.damaged).toEqual([]);
      const { globalStep } = found!.state['position'] as unknown as { globalStep: number };
      expect(globalStep + 1).toBe(Number(/\d+/.exec(found!.name)));
      expect(globalStep).toBeGreaterThanOrEqual(last);
      last = globalStep;
      disposeState(found!.state);
    }
    const { said, code } = await trainChild(cut, 60).ended;
    expect(code).toBe(0);
    expect(said.at(-1)?.split(': ')[1]).toBe(whole.said.at(-1)?.split(': ')[1]);
  }, 2_400_000); // three minutes on a machine that does nothing else
});

/** Numbers from 0 below 1 that are the same in every run. */
function seeded(state: number): () => number {
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}
