import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileTeacherStore, type TeacherStore } from '@tfjs-distill/core';
import { openTeacherStore } from '@tfjs-distill/node';
import { s3Files } from '@tfjs-distill/node/queue';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { KILLS } from '../../slow/kills.js';
import { REDIS_SERVER, titled } from '../tools.js';
import { dataModule, Machine, SLOW_TEACHER } from './machines.js';
import { redisServer, type RedisServer } from './redisServer.js';
import { s3Server, withoutS3Server } from './s3Server.js';
import { storedRows } from './storedRows.js';

const SAMPLES = 6000;
const WORKERS = 3;
const noS3 = await withoutS3Server();
const withRedis = it.skipIf(REDIS_SERVER === undefined);
const withS3 = it.skipIf(REDIS_SERVER === undefined || noS3 !== undefined);

let folder: string;
let data: string;
let wanted: Float32Array;
const what = () => ['--teacher', SLOW_TEACHER, '--data', data, '--batch-size', '16', '--force'];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'distill-queue-'));
  data = await dataModule(folder, SAMPLES);
  const out = path.join(folder, 'one');
  await new Machine(['label', ...what(), '--out', out], { DELAY: '0' }).done();
  wanted = await storedRows(await openTeacherStore(out), SAMPLES);
});
afterAll(() => rm(folder, { recursive: true }));

const worker = (redis: RedisServer, env: Readonly<Record<string, string>>) =>
  new Machine(['worker', '--queue', redis.address, '--lock-duration', '2', '--max-stalls', '1000'], {
    DELAY: String(20 + Math.round(20 * Math.random())),
    ...env,
  });

/** Who dies next: mostly a worker, now and then Redis, or the one who feeds the queue. */
const victimOf = (kill: number) => (kill % 4 === 3 ? 'redis' : kill % 10 === 6 ? 'feeder' : 'worker');

interface Fleet {
  readonly redis: RedisServer;
  readonly env: Readonly<Record<string, string>>;
  readonly workers: Machine[];
}

/** Labels a whole store while processes die at random moments, until `kills` of them have. @returns How many did. */
async function labelUnderFire({ redis, env, workers }: Fleet, out: string, kills: number): Promise<number> {
  const label = () =>
    new Machine(['label', ...what(), '--queue', redis.address, '--out', out, '--shard-size', '64'], env);
  let feeder = label();
  let killed = 0;
  while (feeder.running && killed < kills) {
    await pause(1200 * Math.random());
    const victim = victimOf(killed);
    if (victim === 'redis') {
      await redis.kill();
      await pause(500 * Math.random());
      await redis.start();
    } else if (victim === 'feeder') {
      await feeder.kill();
      feeder = label();
    } else {
      const at = Math.floor(Math.random() * workers.length);
      await workers[at]!.says('takes shards');
      await pause(400 * Math.random());
      await workers[at]!.kill();
      workers[at] = worker(redis, env);
    }
    killed += 1;
  }
  await feeder.done();
  return killed;
}

async function expectTheSame(
  env: Readonly<Record<string, string>>,
  kills: number,
  outOf: (store: number) => string,
  open: (out: string) => Promise<TeacherStore>,
): Promise<number> {
  const redis = await redisServer();
  onTestFinished(async () => {
    await Machine.killAll();
    await redis.stop();
  });
  const workers = Array.from({ length: WORKERS }, () => worker(redis, env));
  let stores = 0;
  for (let killed = 0; killed < kills; stores++) {
    const out = outOf(stores);
    killed += await labelUnderFire({ redis, env, workers }, out, kills - killed);
    expect(await storedRows(await open(out), SAMPLES)).toEqual(wanted);
  }
  return stores;
}

const FOLDER_KILLS = Math.ceil(0.6 * KILLS);
const S3_KILLS = KILLS - FOLDER_KILLS;

describe('labelling on a queue', () => {
  withRedis(
    titled(
      `gives what one process gives though ${FOLDER_KILLS} processes are killed, Redis among them`,
      REDIS_SERVER,
      'redis-server',
    ),
    async () => {
      const out = (store: number) => path.join(folder, `folder${store}`);
      const stores = await expectTheSame({}, FOLDER_KILLS, out, (place) => openTeacherStore(place));
      const left = (await readdir(folder)).filter(
        (name) => name.includes('shards') || name.includes('merging'),
      );
      expect({ stores: stores > 0, left }).toEqual({ stores: true, left: [] });
    },
  );

  withS3(
    `gives the same in object storage though ${S3_KILLS} processes are killed${noS3 === undefined ? '' : ` (skipped: ${noS3})`}`,
    async () => {
      const server = await s3Server();
      onTestFinished(() => server.stop());
      const out = (store: number) => `s3://${server.bucket}/run/${store}`;
      Object.assign(process.env, server.env);
      await expectTheSame(server.env, S3_KILLS, out, (place) => fileTeacherStore(s3Files(place)));
    },
  );
});
