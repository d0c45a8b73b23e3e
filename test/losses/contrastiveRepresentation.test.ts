import {
  add,
  mul,
  ones,
  tensor1d,
  tensor2d,
  matMul,
  type Tensor,
  mean,
  logSoftmax,
  eye,
  div,
  sum,
  transpose,
  neg,
  norm,
  type Scalar,
} from '@tensorflow/tfjs-core';
import {
  contrastiveRepresentation,
  contrastiveRepresentationLoss,
  type ContrastiveRepresentationOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf, prepare, valueAndGradient } from './featureRig.js';

describeGolden<ContrastiveRepresentationOptions>('crd', ({ teacher, student, labels, weights }, options) =>
  contrastiveRepresentationLoss(teacher!, student!, { ...options, labels, weights }),
);

describe('contrastiveRepresentationLoss', () => {
  it('is 0.7532 for the example', async () => {
    const [t, s] = [tensor2d([[1, 0], [0, 1]]), tensor2d([[1, 0], [1, 0]])]; // prettier-ignore
    expect(await numberOf(contrastiveRepresentationLoss(t, s, { temperature: 1 }))).toBeCloseTo(0.7532, 4);
  });

  it('equals its composition of kernels', async () => {
    const [t, s] = [normal([6, 5], 1), normal([6, 5], 2)];
    const unit = (x: Tensor) => div(x, norm(x, 2, 1, true));
    const composed = (x: Tensor): Scalar => {
      const scores = div(matMul(unit(x), unit(t), false, true), 0.5);
      const found = (y: Tensor) => mean(sum(mul(logSoftmax(y), eye(6)), 1));
      return neg(div(add(found(scores), found(transpose(scores))), 2));
    };
    await expectSame((x) => contrastiveRepresentationLoss(t, x, { temperature: 0.5 }), composed, s);
  });

  it('tends to 0 for equal embeddings that lie apart, as the temperature falls', async () => {
    const t = normal([6, 20], 1);
    expect(await numberOf(contrastiveRepresentationLoss(t, mul(t, 3), { temperature: 0.02 }))).toBeLessThan(
      1e-6,
    );
  });

  it('gives an embedding without a length no gradient', async () => {
    const s = mul(normal([3, 4], 1), tensor2d([[1], [0], [1]]));
    const { gradient } = await valueAndGradient(
      (x) => contrastiveRepresentationLoss(normal([3, 4], 2), x),
      s,
    );
    expect(gradient.slice(4, 8).filter((x) => x !== 0)).toEqual([]);
    expect(gradient[0]).not.toBe(0);
  });

  it('is 0 where all samples are of one class and are not told apart', async () => {
    const labels = tensor1d([1, 1, 1], 'int32');
    const loss = contrastiveRepresentationLoss(normal([3, 4], 1), normal([3, 4], 2), { labels });
    expect(await numberOf(loss)).toBeCloseTo(0, 6);
  });

  it('refuses shapes that differ, labels that do not fit and a temperature of 0', () => {
    const x = ones([2, 3]);
    expect(() => contrastiveRepresentationLoss(x, ones([2, 4]))).toThrow(/\[2, 3\].*\[2, 4\].*linear 4 → 3/);
    expect(() => contrastiveRepresentationLoss(x, x, { labels: tensor1d([1]) })).toThrow(/`labels` \[1\]/);
    expect(() => contrastiveRepresentationLoss(x, x, { temperature: 0 })).toThrow(/`temperature`.*got 0/);
  });
});

describe('contrastiveRepresentation', () => {
  it('projects both sides to the same length, whatever they are', () => {
    const criterion = prepare(
      contrastiveRepresentation({ student: 'a', teacher: 'b', dimensions: 16 }),
      { a: [null, 8] },
      { b: [null, 4, 4, 12] },
    );
    expect(criterion.variables?.map(({ name, shape }) => [name, shape])).toEqual([
      ['crd/a-b/student/kernel', [8, 16]],
      ['crd/a-b/student/bias', [16]],
      ['crd/a-b/teacher/kernel', [12, 16]],
      ['crd/a-b/teacher/bias', [16]],
    ]);
    criterion.dispose?.();
  });

  it('says what its options need', () => {
    const layers = { student: 'a', teacher: 'b' };
    expect(contrastiveRepresentation(layers).requires).toEqual({ labels: false, ids: false });
    const otherClasses = contrastiveRepresentation({ ...layers, negatives: 'otherClasses' });
    expect(otherClasses.requires).toEqual({ labels: true, ids: false });
    const remembering = contrastiveRepresentation({ ...layers, memory: { samples: 100 } });
    expect(remembering.requires).toEqual({ labels: false, ids: true });
  });

  it('refuses a memory that is to know classes, and a temperature of 0', () => {
    const layers = { student: 'a', teacher: 'b' };
    expect(() =>
      contrastiveRepresentation({ ...layers, negatives: 'otherClasses', memory: { samples: 9 } }),
    ).toThrow(/`negatives` to be 'all' where there is a `memory`/);
    expect(() => contrastiveRepresentation({ ...layers, temperature: 0 })).toThrow(/`temperature`.*got 0/);
    expect(() => contrastiveRepresentation({ ...layers, memory: { samples: 0 } })).toThrow(
      /`memory.samples`/,
    );
  });
});
