import { Presets, SingleBar } from 'cli-progress';

/** Steps and how far each is, on standard error: a bar with rate and time left in a terminal, plain lines elsewhere. */
export interface ProgressDisplay {
  readonly step: (title: string) => void;
  readonly progress: (done: number, total: number | undefined) => void;
  readonly stop: () => void;
}

export function progressDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? terminalDisplay(stream) : plainDisplay(stream);
}

function plainDisplay(stream: NodeJS.WritableStream): ProgressDisplay {
  return {
    step: (title) => void stream.write(`${title}\n`),
    progress: () => undefined,
    stop: () => undefined,
  };
}

const MEGA = 1e6;
/** Milliseconds between looks at the bar: the estimate of time left is a quotient, and nobody reads faster. */
const PAUSE = 100;

function terminalDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const format = '  {bar} {percentage}% | {value}/{total} MB | {rate} MB/s | {eta_formatted} left';
  let bar: SingleBar | undefined;
  let start = 0;
  let updated = 0;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    step(title) {
      stop();
      stream.write(`${title}\n`);
      start = performance.now();
    },
    progress(done, total) {
      const now = performance.now();
      if (total === undefined || done === 0 || now - updated < PAUSE) return;
      updated = now;
      if (!bar) {
        bar = new SingleBar(
          { format, stream, clearOnComplete: true, hideCursor: true },
          Presets.shades_classic,
        );
        bar.start(Math.round(total / MEGA), 0, { rate: '?' });
      }
      const rate = Math.round((done / MEGA / (now - start)) * 1000);
      bar.update(Math.min(Math.round(done / MEGA), Math.round(total / MEGA)), { rate });
    },
    stop,
  };
}
