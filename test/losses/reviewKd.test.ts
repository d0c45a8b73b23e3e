import { ones, reshape, type Scalar, tensor4d, type Tensor, zeros, fill } from '@tensorflow/tfjs-core';
import { type Parameters } from '@tfjs-distill/core';
import {
  reviewFusion,
  reviewKd,
  reviewKdLoss,
  type ReduceOptions,
  type Reviewed,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, prepare } from './featureRig.js';

/** The fixture's kernels in place of variables; batch norms start at scale 1 and offset 0. */
function given(inputs: Readonly<Record<string, Tensor>>, index: number): Parameters {
  return {
    uniform: (name: string, shape: number[]) => {
      const [, which] = /(reduce|expand|attention)-kernel$/.exec(name)!;
      return reshape(inputs[`${which}${index}Kernel`]!, shape);
    },
    constant: (_: string, shape: number[], value: number) => fill(shape, value),
  } as unknown as Parameters;
}

describeGolden<ReduceOptions>('review-kd', (inputs, options): Scalar => {
  const [teacher, student] = ['teacher', 'student'].map((side) =>
    [1, 2, 3].map((i) => inputs[`${side}${i}`]!),
  );
  const middle = student![2]!.shape.at(-1)!;
  const outputs: Tensor[] = [];
  let last: Reviewed | undefined;
  for (const i of [2, 1, 0]) {
    const [x, wanted] = [student![i]!, teacher![i]!];
    const [from, to] = [x.shape.at(-1)!, wanted.shape.at(-1)!];
    const fuse = reviewFusion(given(inputs, i + 1), { from, middle, to, fuses: i < 2, name: 'layer' });
    last = fuse(x, last?.review, wanted.shape.slice(1, -1));
    outputs.unshift(last.output);
  }
  return reviewKdLoss(teacher!, outputs, options);
});

describe('reviewKdLoss', () => {
  it('is 1.6667 for the example', async () => {
    const [t, s] = [
      zeros([1, 2, 2, 1]),
      tensor4d([
        [
          [[2], [0]],
          [[0], [2]],
        ],
      ]),
    ];
    expect(await numberOf(reviewKdLoss([t], [s]))).toBeCloseTo(5 / 3, 5);
  });

  it('is the mean squared difference for vectors', async () => {
    expect(await numberOf(reviewKdLoss([zeros([2, 3])], [fill([2, 3], 2)]))).toBeCloseTo(4, 5);
  });

  it('refuses lists of different length, and names shapes that differ', () => {
    expect(() => reviewKdLoss([ones([1, 2])], [])).toThrow(/a list of 1 maps, got 0/);
    expect(() => reviewKdLoss([ones([1, 2])], [ones([1, 3])])).toThrow(/linear 3 → 2/);
  });
});

describe('reviewKd', () => {
  const shapes = { a: [null, 8, 8, 4], b: [null, 4, 4, 6], pool: [null, 8] } as const;
  const layers = ['a', 'b', 'pool'];

  it('reduces all layers to the channels of the deepest, within the limit', () => {
    const kernels = (maxChannels?: number) => {
      const options = { student: layers, teacher: layers, ...(maxChannels && { maxChannels }) };
      const criterion = prepare(reviewKd(options), shapes, shapes);
      const found = criterion.variables!.filter(({ name }) => name.endsWith('reduce-kernel'));
      criterion.dispose?.();
      return found.map(({ shape }) => shape);
    };
    expect(kernels()).toEqual([4, 6, 8].map((from) => [from, 8]));
    expect(kernels(5)).toEqual([4, 6, 8].map((from) => [from, 5]));
  });

  it('lets the deepest layer of the student reach the shallowest of the teacher', async () => {
    const criterion = prepare(reviewKd({ student: layers, teacher: layers }), shapes, shapes);
    const outputs = (deepest: Tensor) => ({
      features: { a: normal([2, 8, 8, 4], 1), b: normal([2, 4, 4, 6], 2), pool: deepest },
    });
    const term = (deepest: Tensor) =>
      numberOf(
        criterion.compute({
          studentOutputs: outputs(deepest),
          teacherOutputs: outputs(zeros([2, 8])),
          batch: {},
        } as never),
      );
    expect(await term(normal([2, 8], 3))).not.toBeCloseTo(await term(normal([2, 8], 4)), 3);
    criterion.dispose?.();
  });

  it('refuses sequences', () => {
    const sequence = { a: [null, 8, 4] };
    const build = () => prepare(reviewKd({ student: 'a', teacher: 'a' }), sequence, sequence);
    expect(build).toThrow(/maps or vectors of known channels.*\[null, 8, 4\]/);
  });
});
