import { type Plugin } from '@tfjs-distill/core';
import { Presets, SingleBar } from 'cli-progress';

/** A bar on standard error with rate and time left; nothing where no terminal listens. */
export function startBar(name: string, total: number, unit: string): SingleBar {
  const format = `${name.padEnd(25)} {bar} {value}/{total} ${unit}, {rate}/s, {eta_formatted} left`; // 80 columns
  const bar = new SingleBar(
    { format, barsize: 12, hideCursor: true, clearOnComplete: true, etaBuffer: 50 },
    Presets.shades_classic,
  );
  bar.start(total, 0, { rate: '…' });
  return bar;
}

/** Shows how far `fit` has come. */
export function progressBar(name: string, steps: number, batchSize: number): Plugin {
  let bar: SingleBar | undefined;
  let began = 0;
  const stop = () => bar?.stop();
  return {
    name: 'progress-bar',
    onTrainBegin: () => {
      began = performance.now();
      bar = startBar(name, steps * batchSize, 'images');
    },
    onStepEnd: ({ globalStep }) => {
      const images = (globalStep + 1) * batchSize;
      bar?.update(images, { rate: Math.round((1000 * images) / (performance.now() - began)) });
    },
    onTrainEnd: stop,
    onError: stop,
    dispose: stop,
  };
}
