import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { memory, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { liveTeacher, type TeacherSource } from '@tfjs-distill/core';
import { createTeacherStore, labelSamples, openTeacherStore, remoteTeacher } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reference } from '../../fixtures/teachers/referenceModel.js';
import { modelServer } from '../teachers/modelServer.js';
import { labelledSamples } from './labelled.js';

const COUNT = 50;
const header = { classes: 3, teacher: 't', dataset: 'd' };
const all = Int32Array.from({ length: COUNT }, (_, i) => i);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'distill-'));
});

afterEach(() => rm(folder, { recursive: true }));

const network = (): TeacherSource => liveTeacher((x) => reference(x as Tensor).logits);

async function expectAllRight(): Promise<void> {
  const samples = await labelledSamples(COUNT);
  const store = await openTeacherStore(folder);
  const { logits } = await store.rows(all);
  const wanted = await reference(tensor2d(samples.values as Float32Array, [COUNT, 4])).logits.data();
  const stored = [...(await logits.data())];
  stored.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  store.dispose();
}

describe('labelSamples', () => {
  it('stores the answer about each sample under its id', async () => {
    const samples = await labelledSamples(COUNT);
    const writer = await createTeacherStore(folder, header);
    const seen: number[] = [];
    const onProgress = (stored: number) => void seen.push(stored);
    const options = { batchSize: 16, onProgress };
    expect(await labelSamples(network(), samples, all, writer, options)).toBe(COUNT);
    expect(seen).toEqual([16, 32, 48, 50]);
    await writer.close();
    await expectAllRight();
  });

  it('asks only for what an aborted run left out', async () => {
    const samples = await labelledSamples(COUNT);
    const controller = new AbortController();
    const stop = (stored: number) => {
      if (stored >= 20) controller.abort();
    };
    const first = await createTeacherStore(folder, header);
    const aborted = { batchSize: 10, signal: controller.signal, onProgress: stop };
    const labelled = await labelSamples(network(), samples, all, first, aborted);
    expect(labelled).toBeGreaterThanOrEqual(20);
    expect(labelled).toBeLessThan(COUNT);
    const second = await createTeacherStore(folder, header);
    expect(second.size).toBe(labelled);
    expect(await labelSamples(network(), samples, all, second, { batchSize: 10 })).toBe(COUNT - labelled);
    await second.close();
    await expectAllRight();
  });

  it('loses no row when a server fails in the middle, and leaks no tensor', async () => {
    const samples = await labelledSamples(COUNT);
    let broken = true;
    const server = await modelServer((_, response, count) => {
      if (!broken || count < 4) return false;
      response.writeHead(500).end();
      return true;
    });
    const teacher = await remoteTeacher(server.url, { batchSize: 10, retries: 1, backoff: 1 });
    const writer = await createTeacherStore(folder, header);
    const before = memory().numTensors;
    await expect(labelSamples(teacher, samples, all, writer, { batchSize: 10 })).rejects.toThrow(
      /model "network", batch of 10 samples, ids 30 to 39: HTTP status 500/,
    );
    expect(memory().numTensors).toBe(before);
    expect((await createTeacherStore(folder, header)).size).toBe(30);
    broken = false;
    const again = await createTeacherStore(folder, header);
    expect(await labelSamples(teacher, samples, all, again, { batchSize: 10 })).toBe(20);
    await again.close();
    await expectAllRight();
    teacher.dispose?.();
    await server.close();
  });
});
