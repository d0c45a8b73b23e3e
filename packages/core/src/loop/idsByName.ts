import { DistillError } from '../errors.js';

/**
 * Stable ids of samples that have names, such as paths: each name's place among all names in order of
 * their characters, however the list was read.
 *
 * @param names All names of the data set, each once. Take paths relative to the set's folder, with `/`.
 * @returns One id per name, in the names' order.
 * @throws DistillError `DATA` if a name comes twice.
 * @example
 * idsByName(['cat/2.png', 'cat/1.png', 'dog/1.png']); // [1, 0, 2]
 */
export function idsByName(names: readonly string[]): Int32Array {
  const order = names.map((_, i) => i).sort((a, b) => compare(names[a] ?? '', names[b] ?? ''));
  const ids = new Int32Array(names.length);
  order.forEach((place, id) => {
    const twice = id > 0 && names[place] === names[order[id - 1] ?? -1];
    if (twice) throw new DistillError('DATA', `Expected one sample per name, got two of "${names[place]}".`);
    ids[place] = id;
  });
  return ids;
}

/** By code units: the same order under every locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
