import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { progressDisplay } from '../../../packages/node/src/cli/progressBar.js';

/** A stream that says whether it is a terminal, and what was written to it. */
function stream(isTTY: boolean): { target: NodeJS.WriteStream; text: () => string } {
  const through = new PassThrough();
  const methods = {
    isTTY,
    columns: 120,
    cursorTo: () => true,
    clearLine: () => true,
    moveCursor: () => true,
  };
  let text = '';
  through.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { target: Object.assign(through, methods) as unknown as NodeJS.WriteStream, text: () => text };
}

describe('the progress display', () => {
  it('shows how much is done, how fast and how long still, in a terminal', async () => {
    const { target, text } = stream(true);
    const display = progressDisplay(target);
    display.step('fetching it');
    await sleep(150);
    display.progress(50e6, 200e6);
    await sleep(150);
    display.progress(100e6, 200e6);
    display.stop();
    await sleep(10);
    expect(text()).toContain('fetching it\n');
    expect(text()).toMatch(/50% \| 100\/200 MB \| \d+ MB\/s \| \d+s left/);
    expect(text()).not.toMatch(/NaN|Inf|NF/);
  });

  it('writes plain lines elsewhere', async () => {
    const { target, text } = stream(false);
    const display = progressDisplay(target);
    display.step('fetching it');
    display.progress(50e6, 200e6);
    display.stop();
    await sleep(10);
    expect(text()).toBe('fetching it\n');
  });
});
