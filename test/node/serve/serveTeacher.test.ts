import { randomNormal, type Rank, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { liveTeacher, type TeacherSource } from '@tfjs-distill/core';
import { openTeacher, remoteTeacher } from '@tfjs-distill/node';
import { serveTeacher, type ServeOptions, type TeacherServer } from '@tfjs-distill/node/serve';
import { afterEach, describe, expect, it } from 'vitest';
import { reference, referenceLayers } from '../../fixtures/teachers/referenceModel.js';

const undo: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function serve(
  options: ServeOptions = {},
  wrap = (teacher: TeacherSource) => teacher,
): Promise<TeacherServer> {
  const model = referenceLayers();
  undo.push(() => void model.dispose());
  const server = await serveTeacher(wrap(liveTeacher(model, { outputs: 'logits' })), options);
  undo.push(() => server.close());
  return server;
}

async function connect(...parameters: Parameters<typeof remoteTeacher>): Promise<TeacherSource> {
  const teacher = await remoteTeacher(...parameters);
  undo.push(() => teacher.dispose?.());
  return teacher;
}

const samples = (count: number, seed = 5) => randomNormal<Rank.R2>([count, 4], 0, 1, 'float32', seed);
const quick = { retries: 0, timeout: 5000 };

async function furthest(a: Tensor, b: Tensor): Promise<number> {
  const [first, second] = [[...(await a.data())], await b.data()];
  expect(a.shape).toEqual(b.shape);
  return first.reduce((most, value, i) => Math.max(most, Math.abs(value - second[i]!)), 0);
}

async function post(url: string, body: string): Promise<{ status: number; error: string }> {
  const response = await fetch(`${url}/infer`, { method: 'POST', body });
  return { status: response.status, error: ((await response.json()) as { error: string }).error };
}

describe('serveTeacher', () => {
  it('answers as the teacher does, features too', async () => {
    const { url } = await serve({ name: 'network' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v2\/models\/network$/);
    const teacher = await connect(url);
    const x = samples(5);
    const { logits, features } = await teacher.outputs({ x }, ['hidden']);
    const wanted = reference(x);
    expect(await furthest(logits, wanted.logits)).toBeLessThan(1e-6);
    expect(await furthest(features['hidden']!, wanted.hidden)).toBeLessThan(1e-6);
  });

  it('tells shapes, layers and the version', async () => {
    const { url } = await serve();
    expect((await connect(url)).signature).toMatchObject({ inputs: [[null, 4]], output: [null, 3] });
    const [one, two] = [await serve({ name: 'n', version: 'a' }), await serve({ name: 'n', version: 'b' })];
    const prints = await Promise.all(
      [one, one, two].map(async (server) => {
        const teacher = await openTeacher(server.url);
        undo.push(() => teacher.dispose?.());
        return teacher.fingerprint;
      }),
    );
    expect(prints[0]).toBe(prints[1]);
    expect(prints[0]).not.toBe(prints[2]);
  });

  it('is asked no more samples at once than it says', async () => {
    const server = await serve({ batchSize: 4 });
    const x = samples(11);
    const { logits } = await (await connect(server.url, { batchSize: 32 })).outputs({ x });
    expect(await furthest(logits, reference(x).logits)).toBeLessThan(1e-6);
    expect(server.counts.requests).toBe(3);
  });

  it('computes what many clients ask at one time as few batches', async () => {
    const server = await serve({ batchSize: 32, window: 50 });
    // another timeout: connections of their own, as other processes have
    const clients = await Promise.all(
      Array.from({ length: 8 }, (_, i) => connect(server.url, { timeout: 5000 + i })),
    );
    const answers = clients.map(async (client, i) => {
      const x = samples(4, i);
      return furthest((await client.outputs({ x })).logits, reference(x).logits);
    });
    for (const difference of await Promise.all(answers)) expect(difference).toBeLessThan(1e-6);
    expect(server.counts.requests).toBe(8);
    expect(server.counts.batches).toBeLessThan(5);
  });

  it('merges what clients of one process ask before it is sent', async () => {
    const server = await serve();
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(server.url)));
    const x = samples(4);
    await Promise.all(clients.map(async (client) => client.outputs({ x })));
    expect(server.counts.requests).toBeLessThan(4);
  });

  it('serves the others when one of them has gone', async () => {
    const { url } = await serve();
    const [gone, stays] = [await remoteTeacher(url), await connect(url)];
    gone.dispose?.();
    gone.dispose?.();
    const x = samples(2);
    expect(await furthest((await stays.outputs({ x })).logits, reference(x).logits)).toBeLessThan(1e-6);
  });

  it('sends away what it has no room for, to come again', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = (teacher: TeacherSource): TeacherSource => ({
      ...teacher,
      outputs: async (...asked) => held.then(() => teacher.outputs(...asked)),
    });
    const { url } = await serve({ waiting: 2 }, slow);
    const x = samples(1);
    const clients = await Promise.all([1, 2, 3].map((i) => connect(url, { timeout: 5000 + i, retries: 0 })));
    const waiting = clients.slice(0, 2).map(async (client) => client.outputs({ x }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(clients[2]!.outputs({ x })).rejects.toThrow('HTTP status 503 (2 requests wait already.)');
    release();
    await Promise.all(waiting);
  });

  it.each([
    ['no JSON', '{"inputs"', 400, /Expected a request in JSON/],
    ['no inputs', '{}', 400, /Expected `inputs` of name, datatype and shape/],
    ['another input', tensorJson({ name: 'image' }), 400, /an input "x", got "image"/],
    ['another shape', tensorJson({ shape: [1, 3], data: [1, 2, 3] }), 400, /\[…, 4\], filled; got \[1, 3\]/],
    ['too few values', tensorJson({ data: [1, 2, 3] }), 400, /got \[1, 4\] with 3 values/],
    ['words', tensorJson({ data: ['a'] }), 400, /Expected numbers in input "x", got string/],
    ['another output', tensorJson({}, 'logit'), 400, /Unknown output "logit"\. Did you mean "logits"/],
  ])('refuses %s', async (_, body, status, message) => {
    const { url } = await serve();
    const answer = await post(url, body);
    expect(answer.error).toMatch(message);
    expect(answer.status).toBe(status);
  });

  it('says of a failing teacher that it may pass', async () => {
    const { url } = await serve({}, (teacher) => ({
      ...teacher,
      outputs: () => Promise.reject(new Error('out of memory')),
    }));
    expect(await post(url, tensorJson())).toEqual({ status: 500, error: 'out of memory' });
  });

  it('says where the model is', async () => {
    const { url } = await serve({ name: 'network' });
    expect((await post(url.replace('network', 'netwrk'), tensorJson())).error).toMatch(
      /There is no POST .*netwrk\/infer; the model is at \/v2\/models\/network/,
    );
  });

  it('says that its port is taken', async () => {
    const { url } = await serve();
    await expect(serve({ port: Number(new URL(url).port) })).rejects.toThrow(
      /cannot be listened on: .*EADDRINUSE/,
    );
  });

  it('answers a client that asks in JSON', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/infer`, { method: 'POST', body: tensorJson() });
    const { outputs } = (await response.json()) as { outputs: [{ data: number[] }] };
    const wanted = await reference(tensor2d([[1, 2, 3, 4]])).logits.data();
    outputs[0].data.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  });

  it('keeps the same promises behind a gateway', async () => {
    const origin = await serve({ batchSize: 16 });
    const gateway = await serveTeacher(await connect(origin.url, quick), { concurrency: 2 });
    undo.push(() => gateway.close());
    const x = samples(7);
    const { logits } = await (await connect(gateway.url)).outputs({ x });
    expect(await furthest(logits, reference(x).logits)).toBeLessThan(1e-6);
  });
});

function tensorJson(other: object = {}, output = 'logits'): string {
  const input = { name: 'x', datatype: 'FP32', shape: [1, 4], data: [[1, 2, 3, 4]], ...other };
  return JSON.stringify({ inputs: [input], outputs: [{ name: output }] });
}
