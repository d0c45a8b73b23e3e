import { describe, expect, it } from 'vitest';
import { aborted } from '../../../packages/node/src/io/aborted.js';

describe('aborted', () => {
  it('is kept at once of a signal that was aborted before', async () => {
    await expect(aborted(AbortSignal.abort())).resolves.toBeUndefined();
  });

  it('waits for the signal, and for no other event', async () => {
    const controller = new AbortController();
    let kept = false;
    const waiting = aborted(controller.signal).then(() => (kept = true));
    controller.signal.dispatchEvent(new Event('other'));
    await new Promise(setImmediate);
    expect(kept).toBe(false);
    controller.abort();
    await waiting;
    expect(kept).toBe(true);
  });
});
