import { readdirSync } from 'node:fs';
import { slice, type Tensor } from '@tensorflow/tfjs-core';
import { type Batch } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { type Method, nameOf } from './conformance/Method.js';
import {
  batchOf,
  contextOf,
  numberOf,
  type Outputs,
  outputsOf,
  prepared,
  random,
} from './conformance/rig.js';

/** The conformance table: which criteria may be computed on parts of a batch, each on a machine of its own. */
const files = readdirSync(new URL('./conformance/methods', import.meta.url)).map((file) =>
  file.replace('.ts', ''),
);
const tables = await Promise.all(
  files.map((file) => import(`./conformance/methods/${file}.ts`) as Promise<{ methods: readonly Method[] }>),
);
const METHODS = tables.flatMap(({ methods }) => methods).filter(({ runsModels }) => runsModels === undefined);

const SIZE = 8;
const SEEDS = [1, 2, 3];

/** Loss of a batch of eight, less the mean of its halves' losses, for several random batches. */
async function differences(method: Method): Promise<number[]> {
  return Promise.all(
    SEEDS.map(async (seed) => {
      const outputs = outputsOf(method, SIZE, (shape, i) => random(shape, i + 100 * seed));
      const batch = batchOf(method, SIZE, seed);
      const [whole = NaN, first = NaN, second = NaN] = await terms(method, [
        [outputs, batch],
        ...[0, SIZE / 2].map((begin) => half(outputs, batch, begin)),
      ]);
      return (whole - (first + second) / 2) / Math.max(1, Math.abs(whole));
    }),
  );
}

/** The terms that one criterion gives, at one step: nothing is learned in between. */
async function terms(method: Method, cases: readonly (readonly [Outputs, Batch])[]): Promise<number[]> {
  const { criterion, dispose } = prepared(method);
  const values = cases.map(([outputs, batch]) => criterion.compute(contextOf(outputs, batch)));
  const numbers = await Promise.all(values.map(numberOf));
  dispose();
  return numbers;
}

function half({ teacher, student }: Outputs, { x, y, ids }: Batch, begin: number): readonly [Outputs, Batch] {
  const cut = (tensor: Tensor) =>
    slice(tensor, [begin, ...Array<number>(tensor.rank - 1).fill(0)], [SIZE / 2, ...tensor.shape.slice(1)]);
  const side = (tensors: Outputs['student']) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, cut(tensor)]));
  return [
    { teacher: side(teacher), student: side(student) },
    { x: cut(x as Tensor), y: cut(y!), ids: ids!.slice(begin, begin + SIZE / 2) },
  ];
}

describe.each(METHODS.map((method) => [nameOf(method), method] as const))('%s', (_, method) => {
  const { criterion, dispose } = prepared(method);
  const { coupled = false } = criterion;
  dispose();

  if (coupled)
    it('compares the samples of a batch, as it says: two halves are not the whole', async () => {
      const found = await differences(method);
      expect(
        found.some((difference) => Math.abs(difference) > 1e-5),
        found.join(),
      ).toBe(true);
    });
  else if (method.ordered !== undefined) it.skip(`is the mean of its halves: not by hand, ${method.ordered}`);
  else
    it('is the mean of its halves', async () => {
      for (const difference of await differences(method)) expect(Math.abs(difference)).toBeLessThan(1e-5);
    });
});
