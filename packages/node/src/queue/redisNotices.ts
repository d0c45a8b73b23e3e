import { type Redis } from 'ioredis';

/**
 * Tells people what a Redis that comes and goes does, each thing once and not many times a second.
 *
 * @returns For what else fails: an error of a Redis that is gone is told as that.
 */
export function redisNotices(redis: Redis, say: (line: string) => void): (error: Error) => void {
  let last = '';
  const once = (line: string) => {
    if (line === last) return;
    last = line;
    say(line);
  };
  const tell = ({ message }: Error) =>
    once(redis.status === 'ready' ? message : 'Redis does not answer: waiting for it.');
  redis.on('error', tell);
  redis.on('close', () => tell(new Error('The connection is closed.')));
  redis.on('ready', () => once('Redis answers again.'));
  return tell;
}
