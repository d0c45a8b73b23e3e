import {
  div,
  exp,
  log,
  logSoftmax,
  mean,
  mul,
  neg,
  randomNormal,
  randomUniform,
  reshape,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
  train,
} from '@tensorflow/tfjs-core';
import { crossEntropy, prepareCompression } from '@tfjs-distill/core';
import { kdLoss, type KdLossOptions, knowledgeDistillation, logitsMseLoss } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem } from '../fixtures/models.js';
import { describeGolden } from '../parity/golden.js';
import { distance, gradientOf, number, numbers } from './read.js';

describeGolden<KdLossOptions>('kd', ({ teacher, student, weights, labels }, options) =>
  kdLoss(teacher!, student!, { ...options, weights, correctTeacherBy: labels }),
);

const logits = (seed: number, shape = [4, 6]) => randomNormal(shape, 0, 3, 'float32', seed);

describe('kdLoss', () => {
  it('gives the value of its example', async () => {
    const loss = kdLoss(tensor2d([[0, 2]]), tensor2d([[2, 0]]), { temperature: 1 });
    expect(await number(loss)).toBeCloseTo(1.5232, 4);
  });

  it('computes in one go what the formula gives op by op, value and gradient, to 1e-6', async () => {
    const [teacher, student, temperature] = [logits(1), logits(2), 3];
    const composed = (s: Tensor): Scalar => {
      const [p, logQ] = [logSoftmax(div(teacher, temperature)), logSoftmax(div(s, temperature))];
      return mul(mean(sum(mul(exp(p), sub(p, logQ)), -1)), temperature ** 2);
    };
    const wanted = await gradientOf(composed, student);
    const got = await gradientOf((s) => kdLoss(teacher, s, { temperature }), student);
    expect(Math.abs(got.value / wanted.value - 1)).toBeLessThan(1e-6);
    expect(distance(got.gradient, wanted.gradient)).toBeLessThan(1e-6);
  });

  it('tends to half the mean squared difference of centred logits as the temperature grows', async () => {
    const [teacher, student] = [logits(1), logits(2)];
    const loss = await number(kdLoss(teacher, student, { temperature: 100 }));
    const limit = (await number(logitsMseLoss(teacher, student, { centred: true }))) / 2;
    expect(loss / limit).toBeCloseTo(1, 1);
  });

  it('has the same gradient as the cross-entropy to soft targets, which differs by the teacher’s entropy', async () => {
    const [teacher, student] = [logits(1), logits(2)];
    const kl = await gradientOf((s) => kdLoss(teacher, s), student);
    const ce = await gradientOf((s) => kdLoss(teacher, s, { divergence: 'crossEntropy' }), student);
    const entropy = await number(kdLoss(teacher, teacher, { divergence: 'crossEntropy' }));
    expect(ce.gradient).toEqual(kl.gradient);
    expect(ce.value - kl.value).toBeCloseTo(entropy, 4);
  });

  it('divides by the classes with reduction mean, adds up with sum, and keeps each sample with none', async () => {
    const [teacher, student] = [logits(1), logits(2)];
    const reduced = (reduction: KdLossOptions['reduction']) => kdLoss(teacher, student, { reduction });
    const each = await numbers(reduced('none'));
    const total = each.reduce((a, b) => a + b, 0);
    expect(each.length).toBe(4);
    expect(await number(reduced('sum'))).toBeCloseTo(total, 3);
    expect(await number(reduced('batchMean'))).toBeCloseTo(total / 4, 4);
    expect(await number(reduced('mean'))).toBeCloseTo(total / 24, 5);
  });

  it('takes a map with logits at every pixel', async () => {
    const [teacher, student] = [logits(1, [2, 3, 4, 5]), logits(2, [2, 3, 4, 5])];
    const flat = kdLoss(reshape(teacher, [24, 5]), reshape(student, [24, 5]));
    expect(await number(kdLoss(teacher, student))).toBeCloseTo(await number(flat), 5);
  });

  it('does nothing but halve the weight of a sample when told to halve it', async () => {
    const [teacher, student] = [logits(1, [2, 5]), logits(2, [2, 5])];
    const [a = NaN, b = NaN] = await numbers(kdLoss(teacher, student, { reduction: 'none' }));
    const loss = kdLoss(teacher, student, { weights: tensor1d([1, 0.5]) });
    expect(await number(loss)).toBeCloseTo((a + b / 2) / 1.5, 4);
  });

  it('is the sum of yes-or-no divergences with activation sigmoid', async () => {
    const value = await number(
      kdLoss(tensor2d([[0, 0]]), tensor2d([[2, 0]]), { activation: 'sigmoid', temperature: 1 }),
    );
    const q = 1 / (1 + Math.exp(-2));
    expect(value).toBeCloseTo(0.5 * Math.log(0.5 / q) + 0.5 * Math.log(0.5 / (1 - q)), 5);
  });

  it('names both shapes when they differ', () => {
    expect(() => kdLoss(logits(1, [2, 3]), logits(2, [2, 4]))).toThrow(
      'kdLoss: Expected tensors of one shape, got `teacherLogits` [2, 3] and `studentLogits` [2, 4]. Give both models the same classes in the same order.',
    );
  });

  it('names the shapes of weights that do not fit', () => {
    const weights = tensor1d([1, 1, 1]);
    expect(() => kdLoss(logits(1, [2, 3]), logits(2, [2, 3]), { weights })).toThrow(
      /got `weights` \[3\] and `teacherLogits` \[2, 3\]/,
    );
  });

  it.each([0, -1, NaN, Infinity])('refuses a temperature of %d', (temperature) => {
    expect(() => kdLoss(logits(1), logits(2), { temperature })).toThrow(
      /`temperature` to be a number above 0/,
    );
  });

  it('refuses what is no tensor', () => {
    expect(() => kdLoss([[1, 2]] as never, logits(1))).toThrow('Expected `teacherLogits` to be a tensor');
  });
});

describe('probability shift', () => {
  it('swaps the largest with the true class, and leaves samples without a label and right ones alone', async () => {
    const teacher = tensor2d([
      [3, 1, 0],
      [3, 1, 0],
      [3, 1, 0],
    ]);
    const right = tensor2d([
      [1, 3, 0],
      [3, 1, 0],
      [3, 1, 0],
    ]);
    const labels = tensor1d([1, 0, -1], 'int32');
    const student = randomUniform([3, 3], -1, 1, 'float32', 5);
    const shifted = kdLoss(teacher, student, { correctTeacherBy: labels, reduction: 'none' });
    expect(await numbers(shifted)).toEqual(await numbers(kdLoss(right, student, { reduction: 'none' })));
  });

  it('reads one-hot labels too', async () => {
    const [teacher, student] = [logits(1, [2, 3]), logits(2, [2, 3])];
    const byNumber = kdLoss(teacher, student, { correctTeacherBy: tensor1d([2, 0], 'int32') });
    const oneHot = tensor2d([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(await number(kdLoss(teacher, student, { correctTeacherBy: oneHot }))).toBe(await number(byNumber));
  });

  it('names labels that do not fit', () => {
    const labels = tensor1d([1, 1, 1], 'int32');
    expect(() => kdLoss(logits(1, [2, 3]), logits(2, [2, 3]), { correctTeacherBy: labels })).toThrow(
      /got `labels` \[3\] and `logits` \[2, 3\]/,
    );
  });
});

describe('knowledgeDistillation', () => {
  /** The minimized loss of one step on a batch, with the numbers that it should be made of. */
  async function oneStep(options: Parameters<typeof knowledgeDistillation>[0]) {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const { x, y } = problem(8);
    const [t, s] = [teacher.predict(x) as Tensor, student.predict(x) as Tensor];
    const seen: Record<string, number> = {};
    const manager = prepareCompression(student, {
      teacher,
      criterion: knowledgeDistillation(options),
      optimizer: train.sgd(0.1),
      plugins: [
        {
          name: 'reader',
          onStepEnd: async ({ loss, parts }) => {
            seen['loss'] = await loss.value();
            seen['task'] = await parts['task']!.value();
            seen['soft'] = await parts['kd']!.value();
          },
        },
      ],
    });
    await manager.trainStep({ x, y });
    const task = await number(crossEntropy(y, s));
    manager.dispose();
    teacher.dispose();
    student.dispose();
    return { t, s, seen, task };
  }

  it('weighs as Keras does: alpha · task + (1 − alpha) · soft, with T²', async () => {
    const { t, s, seen, task } = await oneStep({ temperature: 10, alpha: 0.1 });
    // Keras: KLDivergence()(softmax(t / T), softmax(s / T)) · T²
    const [p, q] = [softmax(div(t, 10)), softmax(div(s, 10))];
    const soft = 100 * (await number(mean(sum(mul(p, sub(log(p), log(q))), -1))));
    expect(seen['soft']).toBeCloseTo(soft, 4);
    expect(seen['loss']).toBeCloseTo(0.1 * task + 0.9 * soft, 4);
  });

  it('weighs as PyTorch’s tutorial does: 0.75 · task + 0.25 · soft at T = 2', async () => {
    const { t, s, seen, task } = await oneStep({ temperature: 2, taskWeight: 0.75, softWeight: 0.25 });
    // torch.sum(soft_targets * (soft_targets.log() - soft_prob)) / soft_prob.size()[0] * (T**2)
    const [targets, softProb] = [softmax(div(t, 2)), logSoftmax(div(s, 2))];
    const soft = ((await number(sum(mul(targets, sub(log(targets), softProb))))) / 8) * 4;
    expect(seen['soft']).toBeCloseTo(soft, 4);
    expect(seen['loss']).toBeCloseTo(0.75 * task + 0.25 * soft, 4);
  });

  it('weighs as Intel Neural Compressor does: loss_weights, CE of soft targets times T²', async () => {
    const { t, s, seen, task } = await oneStep({
      temperature: 2,
      taskWeight: 0.5,
      softWeight: 0.5,
      divergence: 'crossEntropy',
    });
    const soft = 4 * (await number(neg(mean(sum(mul(softmax(div(t, 2)), logSoftmax(div(s, 2))), -1)))));
    expect(seen['loss']).toBeCloseTo(0.5 * task + 0.5 * soft, 4);
  });

  it('has Intel Neural Compressor’s KL form, divided by the classes, as reduction mean', async () => {
    const { t, s, seen, task } = await oneStep({
      temperature: 1,
      taskWeight: 0.5,
      softWeight: 0.5,
      reduction: 'mean',
    });
    const [p, q] = [logSoftmax(t), logSoftmax(s)];
    const soft = await number(mean(mul(exp(p), sub(p, q)))); // over samples and classes
    expect(seen['loss']).toBeCloseTo(0.5 * task + 0.5 * soft, 5);
  });

  it('moves alpha and temperature by schedules', async () => {
    const { seen, task } = await oneStep({ temperature: () => 3, alpha: () => 0.25 });
    expect(seen['loss']).toBeCloseTo(0.25 * task + 0.75 * seen['soft']!, 4);
  });

  it.each([
    [{ temperature: 0 }, 'kd: Expected `temperature` to be a number above 0, got 0.'],
    [{ alpha: 2 }, 'kd: Expected `alpha` to be a number at most 1, got 2.'],
    [{ alpha: 0.1, softWeight: 1 }, /either `alpha`, or `taskWeight` and `softWeight`/],
    [{ probabilityShift: true, activation: 'sigmoid' }, /there is no one true class/],
    [{ temprature: 2 }, /Did you mean "temperature"/],
    [{ divergence: 'js' }, /`divergence` to be one of "kl", "crossEntropy", got "js"/],
  ])('refuses %j', (options, message) => {
    expect(() => knowledgeDistillation(options as never)).toThrow(message);
  });
});
