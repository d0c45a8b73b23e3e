import { scalar, tensor2d, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import {
  curriculumTemperature,
  curriculumTemperatureLoss,
  type CurriculumTemperatureOptions,
  kdLoss,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem } from '../fixtures/models.js';
import { describeGolden } from '../parity/golden.js';
import { gradientOf, number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<CurriculumTemperatureOptions>(
  'ctkd',
  ({ teacher, student, parameter, weights }, options) =>
    curriculumTemperatureLoss(teacher!, student!, parameter!, { ...options, weights }),
  { grads: { parameter: { atol: 1e-4 } } }, // terms of about 1 cancel: PyTorch's own single precision is no nearer
);

describeRefusals(
  'curriculumTemperatureLoss',
  (t, s, weights) => curriculumTemperatureLoss(t, s, scalar(1), { weights }),
  curriculumTemperature,
  [
    [{ start: 0 }, /`start` to be a number above 0/],
    [{ range: -1 }, /`range` to be a number at least 0/],
    [{ reversal: 1 }, /`reversal` to be a number at most 0/],
  ],
);

const pair = () => [tensor2d([[0, 2]]), tensor2d([[2, 0]])] as const;

describe('curriculumTemperatureLoss', () => {
  it('gives the value of its example', async () => {
    const loss = curriculumTemperatureLoss(...pair(), scalar(0), { range: 2 });
    expect(await number(loss)).toBeCloseTo(1.8485, 4);
  });

  it('is kdLoss at the temperature that the parameter stands for', async () => {
    const loss = await number(curriculumTemperatureLoss(...pair(), scalar(0), { start: 2, range: 6 }));
    expect(loss).toBeCloseTo(await number(kdLoss(...pair(), { temperature: 5 })), 4);
  });

  it('turns the parameter’s gradient around, and only that', async () => {
    const [teacher, student] = pair();
    const byParameter = (reversal: number) =>
      gradientOf((g) => curriculumTemperatureLoss(teacher, student, g, { reversal }), scalar(1));
    const [plain, turned] = [await byParameter(1), await byParameter(-0.5)];
    expect(turned.gradient[0]).toBeCloseTo(-0.5 * plain.gradient[0]!, 6);
    expect(plain.gradient[0]).not.toBe(0);
    const byStudent = (reversal: number) =>
      gradientOf((s) => curriculumTemperatureLoss(teacher, s, scalar(1), { reversal }), student);
    expect(await byStudent(1)).toEqual(await byStudent(-1));
  });

  it('asks for the parameter', () => {
    expect(() => curriculumTemperatureLoss(...pair(), undefined as never)).toThrow(
      'Expected `parameter` to be a tensor',
    );
  });
});

describe('curriculumTemperature', () => {
  it('trains its temperature beside the student, against it, from the second epoch on', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const criterion = curriculumTemperature({ initial: -2 });
    const manager = prepareCompression(student, { teacher, criterion, optimizer: train.sgd(0.5) });
    const parameter = manager.variables.at(-1)!;
    const values = [await number(parameter)];
    await manager.onTrainBegin({ epochs: 3 });
    for (let epoch = 0; epoch < 3; epoch++) {
      await manager.onEpochBegin();
      await manager.trainStep(problem(8, epoch + 1));
      await manager.onEpochEnd();
      values.push(await number(parameter));
    }
    await manager.onTrainEnd();
    expect(values[0]).toBe(-2);
    expect(values[1]).toBe(-2); // reversal 0 in the first epoch
    expect(values[2]).not.toBe(-2);
    manager.dispose();
    expect(criterion.variables).toEqual([]);
    teacher.dispose();
    student.dispose();
  });
});
