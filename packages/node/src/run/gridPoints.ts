import { expected } from '@tfjs-distill/core';
import { isSeq, parseDocument } from 'yaml';
import { parseAssignment } from './config/ConfigFile.js';

/** One setting of every knob of a grid. */
export interface GridPoint {
  /** Folder of its run: says the settings, short and safe as a file name. */
  readonly name: string;
  /** For `--set`. */
  readonly assignments: readonly string[];
}

/**
 * Every combination of a grid's values.
 *
 * @param grids e.g. `['criterion.temperature=2,4', 'seeds=1']`; values in YAML, separated by commas.
 * @throws DistillError `OPTION` for a grid that is no `KEY=VALUE,VALUE`, or a key that comes twice.
 * @example
 * gridPoints(['criterion.temperature=2,4', 'student=mlp']).map(({ name }) => name);
 * // ['temperature=2 student=mlp', 'temperature=4 student=mlp']
 */
export function gridPoints(grids: readonly string[]): GridPoint[] {
  const knobs = grids.map(knobOf);
  const twice = knobs.find(({ key }, i) => knobs.findIndex((other) => other.key === key) !== i);
  if (twice !== undefined) throw expected('--grid', 'given once for each key', twice.key);
  const labels = shortNames(knobs.map(({ key }) => key));
  let points: GridPoint[] = [{ name: '', assignments: [] }];
  for (const [i, { key, values }] of knobs.entries()) {
    points = points.flatMap(({ name, assignments }) =>
      values.map((value) => ({
        name: [name, `${labels[i]}=${safe(value)}`].filter(Boolean).join(' '),
        assignments: [...assignments, `${key}=${value}`],
      })),
    );
  }
  return points;
}

interface Knob {
  readonly key: string;
  /** In YAML, as they were written. */
  readonly values: readonly string[];
}

/** Commas inside of braces, brackets and quotes belong to a value: the values are a list in YAML. */
function knobOf(grid: string): Knob {
  const rule = 'KEY=VALUE,VALUE, such as criterion.temperature=2,4,8';
  const at = grid.indexOf('=');
  if (at < 1) throw expected('--grid', rule, grid);
  const list = `[${grid.slice(at + 1)}]`;
  const { contents, errors } = parseDocument(list);
  if (errors.length > 0 || !isSeq(contents) || contents.items.length === 0)
    throw expected('--grid', rule, grid);
  const values = contents.items.map((item) => {
    const [from = 0, to = 0] = (item as unknown as { range?: [number, number] }).range ?? [];
    return list.slice(from, to).trim();
  });
  for (const value of values) parseAssignment(`${grid.slice(0, at)}=${value}`);
  return { key: grid.slice(0, at), values };
}

/** The last parts of keys, as many as it takes to tell them apart. */
function shortNames(keys: readonly string[]): string[] {
  return keys.map((key) => {
    const parts = key.split('.');
    const name = (count: number) => parts.slice(-count).join('.');
    const isUnique = (short: string) =>
      keys.filter((other) => other === short || other.endsWith(`.${short}`)).length === 1;
    const count = parts.findIndex((_, i) => isUnique(name(i + 1))) + 1;
    return name(count || parts.length);
  });
}

/** What every file system takes in a name. */
const safe = (value: string): string => value.replaceAll(/[^\w.,+-]+/g, '_').slice(0, 60);
