import { Presets, SingleBar } from 'cli-progress';

/** A bar on standard error with the time left; nothing where no terminal listens. */
export function countingBar(name: string, total: number, unit: string): SingleBar {
  const format = `  ${name.padEnd(18)} {bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`;
  const bar = new SingleBar(
    { format, hideCursor: true, clearOnComplete: true, etaBuffer: 50 },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return bar;
}
