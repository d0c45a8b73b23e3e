import { DistillError, expected } from '@tfjs-distill/core';
import { type Redis } from 'ioredis';
import { bullmq, ioredis, prometheus } from './optionalPackages.js';

/** Milliseconds for the first answer; later the connection is waited for. */
const FIRST_ANSWER = 5000;
const LONGEST_PAUSE = 2000;

/**
 * Connects to Redis or Valkey. A connection that breaks later is made again for as long as it takes.
 *
 * @param address `redis://[[user]:password@]host[:port][/db]`, `rediss://` for TLS.
 * @returns Connection that the caller owns: `disconnect()` it.
 * @throws DistillError `OPTION` for another address, `DATA` if nothing answers there, `TEACHER` without `bullmq`,
 *   `ioredis` or `prom-client`.
 */
export async function connectRedis(address: string): Promise<Redis> {
  assertAddress(address);
  bullmq(); // what is missing is said before anything is waited for
  prometheus();
  let answered = false;
  let reason: unknown;
  const { Redis } = ioredis();
  const redis = new Redis(address, {
    lazyConnect: true,
    maxRetriesPerRequest: null, // as workers of BullMQ need it
    connectTimeout: FIRST_ANSWER,
    retryStrategy: (times) => (answered ? Math.min(100 * times, LONGEST_PAUSE) : null),
  });
  redis.on('error', (error) => (reason = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (cause) {
    redis.disconnect();
    throw noAnswer(address, reason ?? cause);
  }
  answered = true;
  return redis;
}

/** @throws DistillError `OPTION` unless it is the address of a Redis. */
export function assertAddress(address: string): void {
  if (/^rediss?:\/\/[^/]/.test(address) && URL.canParse(address)) return;
  throw expected('--queue', 'an address such as redis://host:6379/0', withoutPassword(address));
}

function noAnswer(address: string, cause: unknown): DistillError {
  const { code = '', message = '' } = cause as { code?: string; message?: string };
  const reason = message === '' ? code : message; // of several addresses that were tried, Node tells the code alone
  return new DistillError('DATA', `No Redis answers at ${withoutPassword(address)}: ${reason}.`, {
    hint: 'Start one (Debian: `redis-server`, or Valkey), or give its address: --queue redis://host:6379.',
    cause,
  });
}

/** An address as it may be shown. */
export function withoutPassword(address: string): string {
  return address.replace(/^(\w+:\/\/)[^@/]*@/, '$1…@');
}
