import { memory, randomNormal, type Rank, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { remoteTeacher } from '@tfjs-distill/node';
import { afterEach, describe, expect, it } from 'vitest';
import { reference } from '../../fixtures/teachers/referenceModel.js';
import { answer, type Fault, modelServer, type ModelServer } from './modelServer.js';

const servers: ModelServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(fault?: Fault): Promise<ModelServer> {
  const server = await modelServer(fault);
  servers.push(server);
  return server;
}

/** Answers after 20 ms, and tells how many requests were under way at once at most. */
async function serveCounting(): Promise<ModelServer & { most: () => number }> {
  let [now, most] = [0, 0];
  const server = await serve(async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 20));
    now -= 1;
    return false;
  });
  return { ...server, most: () => most };
}

const quick = { backoff: 1, retries: 2, timeout: 2000 };
const samples = (count: number) => randomNormal<Rank.R2>([count, 4], 0, 1, 'float32', 5);
const ids = (count: number) => Int32Array.from({ length: count }, (_, i) => 100 + i);

async function furthest(a: Tensor, b: Tensor): Promise<number> {
  const [first, second] = [[...(await a.data())], await b.data()];
  expect(a.shape).toEqual(b.shape);
  return first.reduce((most, value, i) => Math.max(most, Math.abs(value - second[i]!)), 0);
}

describe('remoteTeacher', () => {
  it('answers as the model, in requests of a size, in order', async () => {
    const { url, requests } = await serve();
    const teacher = await remoteTeacher(url, { batchSize: 4 });
    const x = samples(11);
    const { logits, features } = await teacher.outputs({ x }, ['hidden']);
    const wanted = reference(x);
    expect(await furthest(logits, wanted.logits)).toBeLessThan(1e-5);
    expect(await furthest(features['hidden']!, wanted.hidden)).toBeLessThan(1e-5);
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(3);
    teacher.dispose?.();
  });

  it('tells shapes and layers as the server does', async () => {
    const teacher = await remoteTeacher((await serve()).url);
    expect(teacher.signature).toEqual({
      inputs: [[null, 4]],
      output: [null, 3],
      features: { hidden: [null, 5] },
    });
    teacher.dispose?.();
  });

  it('has no more requests under way than allowed', async () => {
    const { url, most } = await serveCounting();
    const teacher = await remoteTeacher(url, { batchSize: 1, concurrency: 3 });
    await teacher.outputs({ x: samples(9) });
    expect(most()).toBe(3);
    teacher.dispose?.();
  });

  it('bounds requests together with others that reach the model alike', async () => {
    const { url, most } = await serveCounting();
    const options = { batchSize: 1, concurrency: 2 };
    const teachers = await Promise.all(
      [1, 2, 3].map((i) => remoteTeacher(url, { ...options, name: `${i}` })),
    );
    const x = samples(5);
    const answers = await Promise.all(teachers.map(async (teacher) => teacher.outputs({ x })));
    for (const { logits } of answers) expect(await furthest(logits, reference(x).logits)).toBeLessThan(1e-5);
    expect(most()).toBe(2);
    for (const teacher of teachers) teacher.dispose?.();
  });

  it('sends the headers that it is given', async () => {
    const { url, requests } = await serve();
    const teacher = await remoteTeacher(url, { headers: { authorization: 'Bearer secret' } });
    await teacher.outputs({ x: samples(1) });
    expect(requests.every(({ headers }) => headers.authorization === 'Bearer secret')).toBe(true);
    teacher.dispose?.();
  });

  const failing =
    (count: number, fault: Fault): Fault =>
    (question, response, n) =>
      n <= count && fault(question, response, n);
  const status =
    (code: number): Fault =>
    (_, response) => {
      response.writeHead(code).end(JSON.stringify({ error: 'out of memory' }));
      return true;
    };
  const half: Fault = (question, response) => {
    const text = JSON.stringify(answer(question));
    response.writeHead(200, { 'content-length': text.length }).write(text.slice(0, text.length / 2));
    setTimeout(() => response.destroy(), 5);
    return true;
  };
  const cut: Fault = (question, response) => {
    response.end(JSON.stringify(answer(question)).slice(0, 40));
    return true;
  };
  const hangUp: Fault = (_, response) => {
    response.destroy();
    return true;
  };

  it.each([
    ['status 500', status(500)],
    ['status 503', status(503)],
    ['status 429', status(429)],
    ['half an answer and then nothing', half],
    ['half an answer', cut],
    ['a connection that breaks', hangUp],
  ])('tries again after %s', async (_, fault) => {
    const { url } = await serve(failing(2, fault));
    const teacher = await remoteTeacher(url, quick);
    const x = samples(3);
    const { logits } = await teacher.outputs({ x });
    expect(await furthest(logits, reference(x).logits)).toBeLessThan(1e-5);
    teacher.dispose?.();
  });

  it.each<[string, Fault, RegExp]>([
    ['status 500', status(500), /HTTP status 500 \(out of memory\)\. Tried 3 times\./],
    ['half an answer', half, /No answer: .* Tried 3 times\./],
    [
      'an answer cut short',
      cut,
      /Expected an answer in JSON, got one that is cut short or none\. Tried 3 times\./,
    ],
    ['silence', () => new Promise(() => undefined), /No answer within 100 ms\. Tried 3 times\./],
  ])('names server, model and batch after %s for good', async (_, fault, message) => {
    const { url } = await serve(fault);
    const teacher = await remoteTeacher(url, { ...quick, timeout: 100 });
    const asked = teacher.outputs({ x: samples(5), ids: ids(5) });
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toThrow(
      new RegExp(
        `Model server ${new URL(url).origin}, model "network", batch of 5 samples, ids 100 to 104: `,
      ),
    );
    await expect(asked).rejects.toMatchObject({ code: 'TEACHER' });
    teacher.dispose?.();
  });

  it.each<[string, (body: ReturnType<typeof answer>) => unknown, RegExp]>([
    [
      'too few rows',
      (body) => ({ outputs: [{ ...body.outputs[0], shape: [4, 3], data: [] }] }),
      /"logits" to be \[5, …\], got \[4, 3\]/,
    ],
    [
      'too few values',
      (body) => ({ outputs: [{ ...body.outputs[0], data: [1, 2] }] }),
      /15 values of output "logits" \[5, 3\], got 2/,
    ],
    ['another output', (body) => ({ outputs: [body.outputs[1]] }), /an output "logits", got "hidden"/],
    ['no outputs', () => ({ hello: 'world' }), /an answer with `outputs`/],
    [
      'words',
      (body) => ({ outputs: [{ ...body.outputs[0], data: ['a'] }] }),
      /numbers in output "logits", got string/,
    ],
  ])('refuses at once an answer of %s', async (_, spoil, message) => {
    const { url, requests } = await serve((question, response) => {
      response.end(JSON.stringify(spoil(answer(question))));
      return true;
    });
    const teacher = await remoteTeacher(url, quick);
    await expect(teacher.outputs({ x: samples(5) })).rejects.toThrow(message);
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    teacher.dispose?.();
  });

  it('does not repeat a request that the server does not understand', async () => {
    const { url, requests } = await serve(status(400));
    const teacher = await remoteTeacher(url, quick);
    await expect(teacher.outputs({ x: samples(1) })).rejects.toThrow(/HTTP status 400 \(out of memory\)\.$/);
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    teacher.dispose?.();
  });

  it('gives up the rest of a batch of which a part failed, and serves the next one', async () => {
    const { url, requests } = await serve(
      (question, response, n) => n === 1 && status(400)(question, response, n),
    );
    const teacher = await remoteTeacher(url, { ...quick, batchSize: 1, concurrency: 1 });
    await expect(teacher.outputs({ x: samples(20) })).rejects.toThrow(/batch of 1 samples: HTTP status 400/);
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    const x = samples(2);
    const { logits } = await teacher.outputs({ x });
    expect(await furthest(logits, reference(x).logits)).toBeLessThan(1e-5);
    teacher.dispose?.();
  });

  it('leaks no tensor when a request fails', async () => {
    const { url } = await serve(status(400));
    const teacher = await remoteTeacher(url, quick);
    const x = samples(4);
    const before = memory().numTensors;
    await expect(teacher.outputs({ x })).rejects.toThrow();
    expect(memory().numTensors).toBe(before);
    teacher.dispose?.();
  });

  it('says that nobody answers', async () => {
    const server = await modelServer();
    const { url } = server;
    await server.close();
    await expect(remoteTeacher(url, quick)).rejects.toThrow(
      new RegExp(
        `Model server ${new URL(url).origin}, model "network": No answer: connect ECONNREFUSED .* Tried 3 times`,
      ),
    );
  });

  it('refuses an input of another shape, naming both', async () => {
    const teacher = await remoteTeacher((await serve()).url);
    const x = tidy(() => randomNormal<Rank.R2>([2, 7]));
    await expect(teacher.outputs({ x })).rejects.toThrow(
      /`input` \[2, 7\] and `x` \[null, 4\].*`preprocess`/,
    );
    teacher.dispose?.();
  });

  it.each([
    ['ftp://host/v2/models/m', {}, /http\(s\):\/\/host\/v2\/models\/NAME/],
    ['http://host/m', {}, /http\(s\):\/\/host\/v2\/models\/NAME/],
    ['http://host/v2/models/m', { batchSize: 0 }, /`batchSize` to be a whole number above 0, got 0/],
    ['http://host/v2/models/m', { retries: -1 }, /`retries` to be a whole number from 0, got -1/],
  ])('refuses %s with %o', async (url, options, message) => {
    await expect(remoteTeacher(url, options)).rejects.toThrow(message);
  });
});
