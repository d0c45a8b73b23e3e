import { readFileSync } from 'node:fs';
import {
  type DataType,
  dispose,
  type Scalar,
  tensor,
  type Tensor,
  variable,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

/** A tensor as the fixtures write it: row-major, feature maps channels last. */
interface TensorJson {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: DataType;
}

interface GoldenCase<Options> {
  readonly name: string;
  readonly options: Options;
  readonly inputs: Readonly<Record<string, TensorJson>>;
  readonly value: number;
  /** Gradient of the value for each trainable input. */
  readonly grads: Readonly<Record<string, TensorJson>>;
}

interface Golden<Options> {
  readonly method: string;
  readonly torch: string;
  readonly cases: readonly GoldenCase<Options>[];
}

export interface Tolerance {
  /** Relative to the larger of the two. Default 1e-4. */
  readonly rtol?: number;
  /** Default 1e-6. */
  readonly atol?: number;
}

/** Tolerance of everything, and of single gradients by the input's name where one is harder to compute. */
export interface Tolerances extends Tolerance {
  readonly grads?: Readonly<Record<string, Tolerance>>;
}

/** A loss as a function of named inputs: `teacher`, `student`, and what else the fixture has. */
export type GoldenLoss<Options> = (inputs: Readonly<Record<string, Tensor>>, options: Options) => Scalar;

/**
 * Tests of a loss against PyTorch: value and gradients of each case of `fixtures/<method>.json`,
 * which `generate.py` wrote.
 *
 * @param loss Gets fresh tensors, owned by the test.
 *
 * @example
 * describeGolden<KdLossOptions>('kd', ({ teacher, student }, options) => kdLoss(teacher!, student!, options));
 */
export function describeGolden<Options>(
  method: string,
  loss: GoldenLoss<Options>,
  { grads: special = {}, ...tolerance }: Tolerances = {},
): void {
  const { torch, cases } = readGolden<Options>(method);
  describe(`${method} as PyTorch ${torch} computes it`, () => {
    it.each(cases)('$name', async (golden) => {
      const { value, grads } = await evaluate(loss, golden);
      expectClose('value', [value], [golden.value], tolerance);
      for (const [name, { data }] of Object.entries(golden.grads)) {
        expectClose(`gradient of ${name}`, grads[name] ?? [], data, { ...tolerance, ...special[name] });
      }
    });
  });
}

function readGolden<Options>(method: string): Golden<Options> {
  const file = new URL(`./fixtures/${method}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Golden<Options>;
}

async function evaluate<Options>(loss: GoldenLoss<Options>, golden: GoldenCase<Options>) {
  const trainable = Object.keys(golden.grads);
  const tensors = Object.fromEntries(
    Object.entries(golden.inputs).map(([name, { data, shape, dtype = 'float32' }]) => {
      const input = tensor([...data], [...shape], dtype);
      return [name, trainable.includes(name) ? variable(input) : input];
    }),
  );
  const variables = trainable.map((name) => tensors[name] as Variable);
  try {
    const { value, grads } = variableGrads(() => loss(tensors, golden.options), variables);
    const [number = NaN] = await value.data();
    const gradients: Record<string, readonly number[]> = {};
    for (const name of trainable) {
      gradients[name] = [...((await grads[(tensors[name] as Variable).name]?.data()) ?? [])];
    }
    return { value: number, grads: gradients };
  } finally {
    dispose(variables); // variables outlive the test's scope
  }
}

/** The message says what the first differences are and how many there are. */
function expectClose(
  name: string,
  got: readonly number[],
  wanted: readonly number[],
  { rtol = 1e-4, atol = 1e-6 }: Tolerance,
): void {
  expect(got.length, `size of ${name}`).toBe(wanted.length);
  const far = wanted
    .map((torch, i) => ({ at: i, ours: got[i] ?? NaN, torch }))
    .filter(({ ours, torch }) => !(Math.abs(ours - torch) <= atol + rtol * Math.abs(torch)));
  expect(far.slice(0, 3), `${name}: ${far.length} of ${wanted.length} numbers differ`).toEqual([]);
}
