import { messageOf } from '@tfjs-distill/core';
import retry from 'p-retry';
import { type RemoteOptions } from './RemoteOptions.js';
import { RequestError } from './RequestError.js';

const LONGEST_PAUSE = 30_000;

/** Repeats what failed for a passing reason, with growing pauses; says how often it was tried. */
export async function patiently<T>(
  { retries = 5, backoff = 250 }: Pick<RemoteOptions, 'retries' | 'backoff'>,
  request: () => Promise<T>,
): Promise<T> {
  let tries = 0;
  try {
    return await retry(
      () => {
        tries += 1;
        return request();
      },
      {
        retries,
        minTimeout: backoff,
        maxTimeout: LONGEST_PAUSE,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof RequestError && error.passing,
      },
    );
  } catch (cause) {
    if (tries < 2) throw cause;
    throw new RequestError(`${messageOf(cause)} Tried ${tries} times.`, true, { cause });
  }
}
