import { DistillError, shapeMismatch } from '@tfjs-distill/core';
import { fingerprint } from '../store/fingerprint.js';
import { type Dataset, type Samples } from './Dataset.js';

/** A split as its reader found it; ids follow. */
export type RawSamples = Omit<Samples, 'ids'>;

export interface RawDataset {
  readonly name: string;
  readonly train: RawSamples;
  readonly test: RawSamples;
  /** Default: the class numbers. */
  readonly classNames?: readonly string[] | undefined;
  /** Keep only so many samples, the first ones. */
  readonly limit?: { readonly train?: number | undefined; readonly test?: number | undefined } | undefined;
}

/**
 * Puts two splits together into a data set: numbers the samples, the test's after the training's, and checks that they fit.
 *
 * @throws DistillError `DATA` if a split is empty or its arrays disagree in length, a label has no class name;
 *   `SHAPE` if the splits differ in shape.
 */
export function makeDataset({ name, train, test, classNames, limit }: RawDataset): Dataset {
  for (const [split, samples] of Object.entries({ train, test })) checkSplit(`${name}, ${split}`, samples);
  const [ofTrain, ofTest] = [train.shape.slice(1), test.shape.slice(1)];
  if (ofTrain.join() !== ofTest.join())
    throw shapeMismatch('samples of one shape', { train: ofTrain, test: ofTest }, { where: name });
  const names = classNames ?? numbersUpTo(highest(train.labels, test.labels));
  for (const [split, { labels }] of Object.entries({ train, test })) checkLabels(name, split, labels, names);
  const splits = {
    train: first(withIds(train, 0), limit?.train),
    test: first(withIds(test, train.shape[0]), limit?.test),
  };
  return {
    name,
    ...splits,
    classNames: names,
    inputShape: ofTrain,
    fingerprint: fingerprintOf(splits, names),
  };
}

function checkSplit(where: string, { values, shape, labels }: RawSamples): void {
  const [count] = shape;
  const size = shape.reduce((product, length) => product * length, 1);
  if (count < 1 || size < 1) throw new DistillError('DATA', 'There are no samples.', { where });
  if (values.length === size && labels.length === count) return;
  throw new DistillError(
    'DATA',
    `Expected ${size} values and ${count} labels for [${shape.join(', ')}], found ${values.length} and ${labels.length}.`,
    { where },
  );
}

function checkLabels(where: string, split: string, labels: Int32Array, names: readonly string[]): void {
  const bad = labels.findIndex((label) => label < -1 || label >= names.length);
  if (bad < 0) return;
  throw new DistillError(
    'DATA',
    `Expected labels from 0 to ${names.length - 1}, or −1 for none, found ${labels[bad]} at sample ${bad} of ${split}.`,
    { where },
  );
}

const withIds = (samples: RawSamples, from: number): Samples => ({
  ...samples,
  ids: Int32Array.from({ length: samples.shape[0] }, (_, i) => from + i),
});

/** The first samples of a split; shares memory with it. */
function first(samples: Samples, count = Infinity): Samples {
  const [all, ...sample] = samples.shape;
  if (count >= all) return samples;
  const size = sample.reduce((product, length) => product * length, 1);
  return {
    values: samples.values.subarray(0, count * size),
    shape: [count, ...sample],
    labels: samples.labels.subarray(0, count),
    ids: samples.ids.subarray(0, count),
  };
}

function fingerprintOf({ train, test }: Pick<Dataset, 'train' | 'test'>, names: readonly string[]): string {
  const head = JSON.stringify([train.shape, test.shape, names]);
  return fingerprint(head, train.values, train.labels, test.values, test.labels);
}

function highest(...lists: readonly Int32Array[]): number {
  return lists.reduce((most, list) => list.reduce((a, b) => Math.max(a, b), most), 0);
}

const numbersUpTo = (last: number): string[] => Array.from({ length: last + 1 }, (_, i) => String(i));
