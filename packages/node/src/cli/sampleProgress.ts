import { Presets, SingleBar } from 'cli-progress';

/** How many samples are done: a bar with rate and time left in a terminal, now and then a line elsewhere. */
export interface SampleProgress {
  readonly update: (done: number) => void;
  readonly stop: () => void;
}

/** Milliseconds between lines where there is no terminal. */
const LINE_EVERY = 10_000;

/**
 * @param total Samples in all.
 * @param already Samples that were done before: the rate is of those that follow.
 */
export function sampleProgress(
  total: number,
  already: number,
  stream: NodeJS.WriteStream = process.stderr,
): SampleProgress {
  const started = performance.now();
  const rateOf = (done: number) => (done - already) / Math.max(1e-3, (performance.now() - started) / 1000);
  return stream.isTTY ? bar(total, already, rateOf, stream) : lines(total, rateOf, stream);
}

function bar(
  total: number,
  already: number,
  rateOf: (done: number) => number,
  stream: NodeJS.WriteStream,
): SampleProgress {
  const format = '  {bar} {percentage}% | {value}/{total} | {rate} samples/s | {left} left';
  const display = new SingleBar(
    { format, stream, clearOnComplete: true, hideCursor: true },
    Presets.shades_classic,
  );
  display.start(total, already, { rate: '?', left: '?' });
  return {
    update: (done) => {
      const rate = rateOf(done);
      display.update(done, { rate: Math.round(rate), left: duration((total - done) / rate) });
    },
    stop: () => display.stop(),
  };
}

function lines(
  total: number,
  rateOf: (done: number) => number,
  stream: NodeJS.WritableStream,
): SampleProgress {
  let last = performance.now();
  return {
    update: (done) => {
      if (performance.now() - last < LINE_EVERY) return;
      last = performance.now();
      const rate = rateOf(done);
      stream.write(
        `${count(done)} of ${count(total)} samples, ${count(rate)}/s, ${duration((total - done) / rate)} left\n`,
      );
    },
    stop: () => undefined,
  };
}

export const count = (value: number): string => Math.round(value).toLocaleString('en');

/** Seconds as people read them: `42 s`, `3 min 5 s`, `7 h 12 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
