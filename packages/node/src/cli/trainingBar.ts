import { progress, type Plugin } from '@tfjs-distill/core';
import { Presets, SingleBar } from 'cli-progress';
import { duration } from './sampleProgress.js';

/** The bar of one training, as a guest of its loop: rate and time left, on standard error. None where that is no terminal. */
export function trainingBar(title: string, stream = process.stderr): Plugin[] {
  if (!stream.isTTY) return [];
  const format = `  ${title.padEnd(18)} {bar} {percentage}% | {value}/{total} steps | {rate}/s | {left} left`;
  let bar: SingleBar | undefined;
  return [
    progress({
      update: ({ step, steps = 0, rate, secondsLeft }) => {
        if (bar === undefined) {
          bar = new SingleBar(
            { format, stream, clearOnComplete: true, hideCursor: true },
            Presets.shades_classic,
          );
          bar.start(steps, step, { rate: '?', left: '?' });
        }
        bar.update(step, {
          rate: trimmed(rate),
          left: secondsLeft === undefined ? '?' : duration(secondsLeft),
        });
      },
      end: () => {
        bar?.stop();
        bar = undefined;
      },
    }),
  ];
}

const trimmed = (rate: number): string => (rate >= 10 ? Math.round(rate).toString() : rate.toFixed(1));
