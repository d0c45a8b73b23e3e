import { InvalidArgumentError } from 'commander';

/** Reads what was typed for an option that is a number of things. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(text);
}
