import { type Redis } from 'ioredis';
import { putReport, removeReport, REPORT_EVERY } from './WorkerReport.js';
import { type WorkerState } from './WorkerState.js';

/**
 * Reports a worker's state every two seconds. While Redis does not answer one report waits, no more.
 *
 * @returns `stop` takes the worker off the list.
 */
export function sendReports(redis: Redis, state: WorkerState): { stop: () => Promise<void> } {
  let sending = false;
  const send = async () => {
    if (sending) return;
    sending = true;
    await putReport(redis, await state.report()).catch(() => undefined); // the next one will do
    sending = false;
  };
  void send();
  const timer = setInterval(() => void send(), REPORT_EVERY);
  return {
    stop: async () => {
      clearInterval(timer);
      if (redis.status === 'ready') await removeReport(redis, state.id).catch(() => undefined);
    },
  };
}
