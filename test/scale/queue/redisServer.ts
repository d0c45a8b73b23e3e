import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { REDIS_SERVER } from '../tools.js';
import { freePorts } from './freePorts.js';

export interface RedisServer {
  readonly address: string;
  /** Ends it as a power cut does: what it has not on disk is lost. */
  kill(): Promise<void>;
  /** Starts it again with what is on disk. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis of the test's own: on a free port, every write on disk before it is answered. */
export async function redisServer(...more: readonly string[]): Promise<RedisServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-redis-'));
  const [port] = await freePorts(1);
  const address = `redis://127.0.0.1:${port}/3`;
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...durable, ...more];
  let server: ChildProcess | undefined;
  const kill = async () => {
    if (server?.kill('SIGKILL')) await once(server, 'exit');
  };
  const start = async () => {
    server = spawn(REDIS_SERVER as string, flags, { stdio: 'ignore' });
    await answers(address);
  };
  await start();
  return {
    address,
    kill,
    start,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(address: string): Promise<void> {
  const redis = new Redis(address, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  while ((await redis.ping().catch(() => 'loading')) !== 'PONG') await pause(20);
  redis.disconnect();
}
