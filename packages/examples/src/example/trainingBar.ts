import { type Plugin, progress } from '@tfjs-distill/core';
import { Presets, SingleBar } from 'cli-progress';

/** Shows how far `fit` has come, with rate and time left, on standard error; nothing where no terminal listens. */
export function trainingBar(name: string): Plugin {
  const format = `${name.padEnd(40)} {bar} {value}/{total} steps, {rate}/s, {left} s left`;
  let bar: SingleBar | undefined;
  return progress({
    update: ({ step, steps, rate, secondsLeft }) => {
      if (bar === undefined) {
        bar = new SingleBar(
          { format, barsize: 12, hideCursor: true, clearOnComplete: true },
          Presets.shades_classic,
        );
        bar.start(steps ?? step, step, { rate: '…', left: '…' });
      }
      bar.update(step, { rate: rate.toFixed(0), left: secondsLeft?.toFixed(0) ?? '?' });
    },
    end: () => {
      bar?.stop();
      bar = undefined;
    },
  });
}
