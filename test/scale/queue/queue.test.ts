import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openTeacherStore } from '@tfjs-distill/node';
import {
  labelOnQueue,
  type LabellingPlan,
  planId,
  planLabelling,
  type QueueProgress,
  runWorker,
} from '@tfjs-distill/node/queue';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REDIS_SERVER, titled } from '../tools.js';
import { freePorts } from './freePorts.js';
import { dataModule, Machine, SLOW_TEACHER } from './machines.js';
import { redisServer, type RedisServer } from './redisServer.js';
import { storedRows } from './storedRows.js';

const SAMPLES = 512;
const withRedis = (title: string, test: () => Promise<void>) =>
  it.skipIf(REDIS_SERVER === undefined)(titled(title, REDIS_SERVER, 'redis-server'), test);

let folder: string;
let redis: RedisServer;
let queue: string;
let stop: AbortController;
/** To look at what is on it. */
let look: Redis;

beforeEach(async () => {
  if (REDIS_SERVER === undefined) return;
  folder = await mkdtemp(path.join(tmpdir(), 'distill-queue-'));
  redis = await redisServer();
  queue = redis.address;
  look = new Redis(queue);
  look.on('error', () => undefined); // a test may stop it
  stop = new AbortController();
  process.env['DELAY'] = '5';
});

afterEach(async () => {
  if (REDIS_SERVER === undefined) return;
  stop.abort();
  await Machine.killAll();
  look.disconnect();
  await redis.stop();
  await rm(folder, { recursive: true });
});

const planned = async (teacher = SLOW_TEACHER, shardSize = 64): Promise<LabellingPlan> => {
  const data = await dataModule(folder, SAMPLES);
  const sizes = { batchSize: 16, shardSize };
  return (await planLabelling({ teacher, data, out: path.join(folder, 'out'), ...sizes })).plan;
};

/** A worker in this process; it ends with the test at the latest. */
function working(more: Partial<Parameters<typeof runWorker>[0]> = {}) {
  const said: string[] = [];
  const { signal } = stop;
  const ended = runWorker({ queue, signal, onNotice: (line) => said.push(line), ...more });
  ended.catch(() => undefined); // looked at where it is awaited
  return { said, ended };
}

/** A teacher in a module of its own text, which may count on `count`: how often it was asked before. */
async function teacherThat(does: string): Promise<string> {
  const file = path.join(folder, 'teacher.mjs');
  const fixture = JSON.stringify(SLOW_TEACHER);
  await writeFile(
    file,
    `import answer from ${fixture};\nlet count = 0;\nexport default async (x) => { ${does}; count += 1; return answer(x); };\n`,
  );
  return file;
}

describe('labelOnQueue', () => {
  withRedis('has shards labelled by several workers and merged, each row once', async () => {
    const plan = await planned();
    const [a, b] = [working(), working()];
    const seen: QueueProgress[] = [];
    const report = await labelOnQueue(plan, { queue, onProgress: (progress) => seen.push(progress) });
    expect(report).toEqual({ store: plan.out, samples: SAMPLES, shards: 8, already: 0, finished: true });
    const rows = await storedRows(await openTeacherStore(plan.out), SAMPLES);
    expect(rows.every(Number.isFinite)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['data.mjs', 'out']);
    stop.abort();
    const [first, second] = [await a.ended, await b.ended];
    expect(first.rows + second.rows).toBe(SAMPLES);
    expect(Math.min(first.shards, second.shards)).toBeGreaterThan(0);
    expect(seen.at(-1)).toMatchObject({
      rows: SAMPLES,
      shards: { done: 8, waiting: 0, active: 0, failed: 0 },
    });
    for (const { samples, shards } of seen) {
      expect(samples).toBe(SAMPLES);
      expect(shards.waiting + shards.active + shards.failed + shards.done).toBe(8);
    }
  });

  withRedis('asks nobody about a store that is there, and refuses one of something else', async () => {
    const plan = await planned();
    working();
    await labelOnQueue(plan, { queue });
    const again = await labelOnQueue(plan, { queue: 'redis://127.0.0.1:1' });
    expect(again).toMatchObject({ already: 8, finished: true });
    const other = { ...plan, header: { ...plan.header, teacher: 'another' } };
    await expect(labelOnQueue(other, { queue })).rejects.toThrow(/out exists already/);
  });

  withRedis('never has more shards on the queue than it may, and leaves nothing there', async () => {
    process.env['DELAY'] = '30';
    const plan = await planned(SLOW_TEACHER, 16);
    const [most, bytes]: [number[], number[]] = [[], []];
    const count = async () => {
      const keys = await look.keys(`tfjs-distill:label:${planId(plan)}-*`);
      const jobs = keys.filter((key) => !key.endsWith(':lock'));
      most.push(jobs.length);
      for (const job of jobs) bytes.push(JSON.stringify(await look.hgetall(job)).length);
    };
    const watch = setInterval(() => void count(), 50);
    working();
    await labelOnQueue(plan, { queue, maxQueued: 5 }).finally(() => clearInterval(watch));
    expect(Math.max(...most)).toBe(5);
    expect(Math.max(...bytes)).toBeLessThan(1000);
    expect(await look.keys(`*${planId(plan)}*`)).toEqual([]);
  });

  withRedis('tries again what failed, later and later, and counts it', async () => {
    const teacher = await teacherThat(
      "if (count === 3 || count === 4) { count += 1; throw new Error('out of memory') }",
    );
    const plan = await planned(teacher);
    const { said } = working();
    const seen: QueueProgress[] = [];
    await labelOnQueue(plan, { queue, onProgress: (progress) => seen.push(progress) });
    expect(
      said.filter((line) => /^shard \d+, attempt 1 of 5: out of memory$/.test(line)).length,
    ).toBeGreaterThan(0);
    expect(seen.at(-1)?.retries).toBeGreaterThan(0);
  });

  withRedis('says which shards fail for good and why, and tries them again when called again', async () => {
    const teacher = await teacherThat("if (process.env.BROKEN) throw new Error('no such layer')");
    const plan = await planned(teacher);
    working();
    process.env['BROKEN'] = 'yes';
    const failing = labelOnQueue(plan, { queue, attempts: 1 });
    await expect(failing).rejects.toThrow(
      /8 of 8 shards failed as often as they may, shard \d for: no such layer Mend that and start the same/,
    );
    delete process.env['BROKEN'];
    expect((await labelOnQueue(plan, { queue })).finished).toBe(true);
  });

  withRedis('goes on after an interruption with what is not done', async () => {
    process.env['DELAY'] = '60';
    const plan = await planned();
    const interrupt = new AbortController();
    working();
    const onProgress = ({ shards }: QueueProgress) => shards.done >= 2 && interrupt.abort();
    const first = await labelOnQueue(plan, { queue, signal: interrupt.signal, onProgress });
    expect(first.finished).toBe(false);
    const second = await labelOnQueue(plan, { queue });
    expect(second.finished).toBe(true);
    expect(second.already).toBeGreaterThanOrEqual(2);
  });

  withRedis('goes on though Redis forgets everything', async () => {
    process.env['DELAY'] = '60';
    const plan = await planned();
    working();
    let forgot = false;
    const onProgress = ({ shards }: QueueProgress) => {
      if (forgot || shards.done < 1) return;
      forgot = true;
      void look.flushall();
    };
    expect((await labelOnQueue(plan, { queue, onProgress })).finished).toBe(true);
    expect(forgot).toBe(true);
  });
});

describe('runWorker', () => {
  withRedis('gives its shard back when it is stopped, for another to take at once', async () => {
    process.env['DELAY'] = '400';
    const plan = await planned(SLOW_TEACHER, 512);
    const leaving = new AbortController();
    const first = working({ signal: leaving.signal });
    const labelling = labelOnQueue(plan, { queue });
    await pause(3000);
    leaving.abort();
    expect(await first.ended).toMatchObject({ shards: 0 });
    expect(first.said).toContain('shard 1 of 1: stopped');
    const started = performance.now();
    process.env['DELAY'] = '0';
    working();
    expect((await labelling).finished).toBe(true);
    expect(performance.now() - started).toBeLessThan(15_000); // far below the lock's 30 s
  });

  withRedis('takes over the shard of a worker that was killed', async () => {
    const plan = await planned(SLOW_TEACHER, 512);
    const seen: QueueProgress[] = [];
    const labelling = labelOnQueue(plan, { queue, onProgress: (progress) => seen.push(progress) });
    const doomed = new Machine(['worker', '--queue', queue, '--lock-duration', '2'], { DELAY: '2000' });
    await doomed.says('takes shards');
    await pause(2500);
    await doomed.kill();
    const { ended } = working({ lockSeconds: 2 });
    expect((await labelling).finished).toBe(true);
    stop.abort();
    expect(await ended).toEqual({ shards: 1, rows: SAMPLES });
    expect(seen.at(-1)?.retries).toBe(1);
  });

  withRedis('gives up a shard that kills whoever takes it, and says so', async () => {
    const teacher = await teacherThat('if (process.env.DEADLY) process.kill(process.pid, "SIGKILL")');
    const plan = await planned(teacher, 512);
    const labelling = labelOnQueue(plan, { queue });
    const short = ['--lock-duration', '2', '--max-stalls', '1'];
    for (let victim = 0; victim < 2; victim++)
      await new Machine(['worker', '--queue', queue, ...short], { DEADLY: 'yes' }).ended;
    working({ lockSeconds: 2, maxStalls: 1 });
    await expect(labelling).rejects.toThrow(/1 of 1 shards failed .* job stalled more than allowable limit/);
  });

  withRedis('says once that Redis is gone, and goes on when it is back', async () => {
    process.env['DELAY'] = '100';
    const plan = await planned();
    const { said } = working();
    const notices: string[] = [];
    const labelling = labelOnQueue(plan, { queue, onNotice: (line) => notices.push(line) });
    await pause(1500);
    await redis.kill();
    await pause(2000);
    await redis.start();
    expect((await labelling).finished).toBe(true);
    for (const lines of [said, notices]) {
      expect(lines.filter((line) => line === 'Redis does not answer: waiting for it.')).toHaveLength(1);
      expect(lines).toContain('Redis answers again.');
    }
  });

  withRedis('ends where it has another teacher, and leaves the shard to others', async () => {
    const plan = await planned();
    const other = await teacherThat('count += 0');
    const labelling = labelOnQueue(plan, { queue });
    await expect(working({ teacher: other }).ended).rejects.toThrow(
      /The teacher here is another one than the labelling's: expected \w+, found \w+\. Say where .*--teacher/,
    );
    working();
    expect((await labelling).finished).toBe(true);
  });

  withRedis('ends where it does not see the shared folder, instead of filling one of its own', async () => {
    const plan = await planned();
    const labelling = labelOnQueue(plan, { queue });
    await expect(working({ out: path.join(folder, 'elsewhere') }).ended).rejects.toThrow(
      /The labelling is not known at .*elsewhere, as it is seen from here\. All machines must see/,
    );
    expect(await readdir(folder)).not.toContain('elsewhere.shards');
    working();
    expect((await labelling).finished).toBe(true);
  });

  withRedis('ends when it has had nothing to do for so long', async () => {
    expect(await working({ idleSeconds: 1 }).ended).toEqual({ shards: 0, rows: 0 });
  });

  withRedis('tells Prometheus what it and all others do', async () => {
    process.env['DELAY'] = '30';
    const plan = await planned();
    const [metricsPort, workerPort] = (await freePorts(2)) as [number, number];
    working({ metricsPort: workerPort });
    const pages: string[] = [];
    const read = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const onProgress = ({ shards }: QueueProgress) => {
      if (shards.done > 1)
        void read(metricsPort).then(
          (page) => pages.push(page),
          () => undefined,
        );
    };
    await labelOnQueue(plan, { queue, metricsPort, onProgress });
    const own = await read(workerPort);
    expect(own).toMatch(/^distill_rows_total\{worker=".*"\} 512$/m);
    expect(own).toMatch(/^distill_teacher_seconds_count\{worker=".*"\} 32$/m);
    expect(own).toMatch(/^distill_worker_shards_total\{result="done",worker=".*"\} 8$/m);
    const page = pages.at(-1) ?? '';
    for (const line of [
      /^distill_samples 512$/m,
      /^distill_workers 1$/m,
      /^distill_shards\{state="done"\} \d$/m,
    ])
      expect(page).toMatch(line);
    for (const name of [
      'rows ',
      'rows_per_second ',
      'retries ',
      'rows_total{',
      'teacher_seconds_bucket{le="',
    ])
      expect(page).toContain(`\ndistill_${name}`);
  });
});
