import { element } from './element.js';

/** Says what went wrong, where everybody sees and hears it. An empty text takes it back. */
export function showProblem(text: string): void {
  const place = element('#problem');
  place.textContent = text;
  place.hidden = text === '';
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
