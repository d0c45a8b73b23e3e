/** What a shell expects of a program that SIGINT ended. */
export const INTERRUPTED = 130;

/** Milliseconds in which a second signal is the first one's echo: a terminal tells parent and child, and the parent tells its child too. */
const ECHO = 300;

/**
 * Turns the first SIGINT or SIGTERM into an abort, so that the running step can end and be saved; the second exits at once.
 *
 * @returns The signal, and how to stop listening.
 */
export function onInterrupt(say: (line: string) => void): { signal: AbortSignal; off: () => void } {
  const controller = new AbortController();
  let first = Infinity;
  const listener = () => {
    if (performance.now() - first > ECHO) process.exit(INTERRUPTED);
    if (controller.signal.aborted) return;
    first = performance.now();
    say('Stopping after this step; once more stops at once.');
    controller.abort();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return {
    signal: controller.signal,
    off: () => void process.off('SIGINT', listener).off('SIGTERM', listener),
  };
}
