/** What a shell expects of a program that SIGINT ended. */
export const INTERRUPTED = 130;

/**
 * Turns the first SIGINT or SIGTERM into an abort, so that the running step can end and be saved; the second exits at once.
 * A sweep's worker stops too when the sweep is gone: its input ends then.
 *
 * @returns The signal, and how to stop listening.
 */
export function onInterrupt(say: (line: string) => void): { signal: AbortSignal; off: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const listener = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    say('Stopping after this step; once more stops at once.');
    abort();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  const isWorker = process.env['DISTILL_WORKER'] === '1';
  if (isWorker) process.stdin.on('end', abort).resume();
  return {
    signal: controller.signal,
    off: () => {
      process.off('SIGINT', listener).off('SIGTERM', listener);
      if (isWorker) process.stdin.off('end', abort).destroy();
    },
  };
}
