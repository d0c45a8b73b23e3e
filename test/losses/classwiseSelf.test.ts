import { concat, ones, tensor1d, tensor2d, variable, variableGrads, zeros } from '@tensorflow/tfjs-core';
import { classwiseSelf, classwiseSelfLoss, type ClasswiseSelfOptions, kdLoss } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, valueAndGradient } from './featureRig.js';

describeGolden<ClasswiseSelfOptions>('cs-kd', ({ student, labels, weights }, options) =>
  classwiseSelfLoss(student!, { ...options, labels, weights }),
);

const classes = (...numbers: number[]) => tensor1d(numbers, 'int32');

describe('classwiseSelfLoss', () => {
  it('is 1.5232 for the pair of the example and 0 where no two are of one class', async () => {
    const logits = tensor2d([[0, 2], [2, 0]]); // prettier-ignore
    expect(await numberOf(classwiseSelfLoss(logits, { temperature: 1 }))).toBeCloseTo(1.5232, 4);
    expect(await numberOf(classwiseSelfLoss(logits, { labels: classes(0, 1) }))).toBe(0);
  });

  it('is the soft-target loss against the partner, who gets no gradient', async () => {
    const [first, second] = [normal([1, 5], 1), normal([1, 5], 2)];
    const one = variable(first);
    const both = () => classwiseSelfLoss(concat([one, second]), { weights: tensor1d([1, 1]) });
    const { grads } = variableGrads(both, [one]);
    const { gradient } = await valueAndGradient((x) => kdLoss(second, x), first);
    const got = [...(await grads[one.name]!.data())];
    expect(got.map((x, i) => x - gradient[i]! / 2).every((x) => Math.abs(x) < 1e-6)).toBe(true);
    one.dispose();
  });

  it('asks the class of soft labels too', async () => {
    const logits = normal([3, 3], 1);
    const soft = tensor2d([[0.8, 0.2, 0], [0.6, 0, 0.4], [0, 0, 1]]); // prettier-ignore
    const [byClass, bySoft] = [classes(0, 0, 2), soft].map((labels) => classwiseSelfLoss(logits, { labels }));
    expect(await numberOf(bySoft!)).toBe(await numberOf(byClass!));
  });

  it('refuses maps, an odd batch in pairs, labels of another shape and a temperature of 0', () => {
    expect(() => classwiseSelfLoss(zeros([2, 3, 4]))).toThrow(/`logits` to be a tensor \[batch, classes\]/);
    expect(() => classwiseSelfLoss(zeros([3, 4]))).toThrow(
      /`batch` to be of an even number of samples, got 3/,
    );
    expect(() => classwiseSelfLoss(zeros([2, 4]), { labels: classes(1) })).toThrow(
      /`labels` \[1\].*\[2, 4\]/,
    );
    expect(() => classwiseSelfLoss(zeros([2, 4]), { temperature: 0 })).toThrow(/`temperature`.*got 0/);
    expect(() => classwiseSelfLoss(zeros([2, 4]), { weights: ones([3]) })).toThrow(/`weights` \[3\]/);
    expect(() => classwiseSelf({ partners: 'all' as never })).toThrow(/`partners`/);
  });
});
