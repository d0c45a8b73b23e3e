import { DistillError, expected } from '@tfjs-distill/core';
import { importExport } from '../run/importExport.js';
import { makeDataset, type RawSamples } from './makeDataset.js';
import { type Dataset } from './Dataset.js';

/** What a user's data module gives: its default export, or what that returns. */
export interface DatasetModule {
  readonly train: RawSamples;
  readonly test: RawSamples;
  readonly classNames?: readonly string[];
}

/**
 * A data set out of a user's own module.
 *
 * @param file An ES module whose default export is `{ train, test, classNames? }` or `(options) => { … }`, a promise too;
 *   each split `{ values, shape, labels }`.
 * @param options Passed on to the function.
 * @throws DistillError `OPTION` if the module gives something else, `DATA` if it cannot be loaded or its arrays do not fit.
 * @example
 * // data.js
 * export default () => ({ train: { values: new Float32Array(8), shape: [4, 2], labels: Int32Array.of(0, 1, 0, 1) }, test: … });
 */
export async function moduleDataset(
  file: string,
  options: Readonly<Record<string, unknown>> = {},
  limit?: { readonly train?: number | undefined; readonly test?: number | undefined },
): Promise<Dataset> {
  const exported = await importExport(file);
  const given: unknown =
    typeof exported === 'function' ? await callOf(file, exported, options) : await exported;
  const { train, test, classNames } = (given ?? {}) as Partial<DatasetModule>;
  if (!isSplit(train) || !isSplit(test))
    throw expected(
      'the default export',
      '{ train, test } of { values, shape, labels }, or a function that gives that',
      given,
      {
        where: file,
      },
    );
  return makeDataset({ name: file, train, test, classNames, limit });
}

async function callOf(file: string, f: unknown, options: object): Promise<unknown> {
  try {
    return await (f as (options: object) => unknown)(options);
  } catch (cause) {
    if (cause instanceof DistillError) throw cause;
    throw new DistillError('DATA', `Its function threw: ${String(cause)}.`, { where: file, cause });
  }
}

function isSplit(value: Partial<RawSamples> | undefined): value is RawSamples {
  const { values, shape, labels } = value ?? {};
  const numbers = values instanceof Uint8Array || values instanceof Float32Array;
  return numbers && Array.isArray(shape) && labels instanceof Int32Array;
}
