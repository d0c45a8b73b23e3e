import { type Summary } from '@tfjs-distill/core';

/** What stands where there is no number. */
export const NOTHING = '–';

/** JSON has no NaN: a number that came back from it may be null. */
export function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** A share as people read it, e.g. `97.12 %`. */
export function percent(share: number | null | undefined, digits = 2): string {
  return isNumber(share) ? `${(100 * share).toFixed(digits)} %` : NOTHING;
}

/** e.g. `20,490`; from a million on `4.23 M`, from a milliard on `1.14 G`. */
export function countText(count: number | null | undefined): string {
  if (!isNumber(count)) return NOTHING;
  if (count >= 1e9) return `${(count / 1e9).toPrecision(3)} G`;
  return count >= 1e6 ? `${(count / 1e6).toPrecision(3)} M` : Math.round(count).toLocaleString('en');
}

/** e.g. `80.0 KiB`. */
export function bytesText(count: number | null | undefined): string {
  if (!isNumber(count)) return NOTHING;
  if (count < 1024) return `${Math.round(count)} B`;
  const kibi = count / 1024;
  return kibi < 1024 ? `${kibi.toFixed(1)} KiB` : `${(kibi / 1024).toFixed(1)} MiB`;
}

/** e.g. `0.384 ms`: three digits that count. */
export function millisecondsText(value: number | null | undefined): string {
  return isNumber(value) ? `${trimmed(value)} ms` : NOTHING;
}

/** Three digits that count, none of them an exponent's. */
export function trimmed(value: number | null | undefined): string {
  if (!isNumber(value)) return NOTHING;
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(3)));
}

/** Mean and, of several values, their spread, e.g. `97.12 ± 0.08 %`. */
export function percentSummary({ count, mean, sd }: Summary): string {
  if (!isNumber(mean)) return NOTHING;
  return count < 2 ? percent(mean) : `${(100 * mean).toFixed(2)} ± ${(100 * sd).toFixed(2)} %`;
}

/** Mean and, of several values, their spread, e.g. `0.102 ± 0.0031`. */
export function numberSummary({ count, mean, sd }: Summary): string {
  return count < 2 ? trimmed(mean) : `${trimmed(mean)} ± ${trimmed(Number(sd.toPrecision(2)))}`;
}
