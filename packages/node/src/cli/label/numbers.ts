import { InvalidArgumentError } from 'commander';

/** Reads an option that is a whole number above 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It is no whole number above 0.');
}

/** Reads an option that is a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It is no number above 0.');
}

/** Reads an option that is a port; 0 stands for a free one. */
export function portNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('It is no port, 0 to 65535.');
}
