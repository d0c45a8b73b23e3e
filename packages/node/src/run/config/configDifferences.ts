import { isDeepStrictEqual } from 'node:util';

/** Every value of nested objects and lists under its path, e.g. `{ 'criterion.temperature': 4 }`. */
export function flatten(value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return { [path]: value };
  const entries = Object.entries(value);
  if (entries.length === 0) return path === '' ? {} : { [path]: value };
  return Object.assign(
    {},
    ...entries.map(([key, part]) => flatten(part, path === '' ? key : `${path}.${key}`)),
  ) as Record<string, unknown>;
}

/** What differs between two configurations, for people: `criterion.temperature: 4 → 8`. */
export function configDifferences(before: unknown, after: unknown): string[] {
  const [old, now] = [flatten(before), flatten(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((key) => !isDeepStrictEqual(old[key], now[key]))
    .map((key) => `${key}: ${shown(old[key])} → ${shown(now[key])}`);
}

export const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
