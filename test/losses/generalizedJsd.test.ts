import { randomNormal, tensor2d } from '@tensorflow/tfjs-core';
import {
  generalizedJsd,
  generalizedJsdLoss,
  type GeneralizedJsdOptions,
  kdLoss,
  reverseKlLoss,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<GeneralizedJsdOptions>('jsd', ({ teacher, student, weights }, options) =>
  generalizedJsdLoss(teacher!, student!, { ...options, weights }),
);

describeRefusals(
  'generalizedJsdLoss',
  (t, s, weights) => generalizedJsdLoss(t, s, { weights }),
  generalizedJsd,
  [
    [{ beta: 1.5 }, /`beta` to be a number at most 1/],
    [{ temperature: -1 }, /`temperature` to be a number above 0/],
  ],
);

describe('generalizedJsdLoss', () => {
  const [teacher, student] = [1, 2].map((seed) => () => randomNormal([4, 5], 0, 2, 'float32', seed)) as [
    () => ReturnType<typeof randomNormal>,
    () => ReturnType<typeof randomNormal>,
  ];

  it('gives the value of its example, log 2', async () => {
    const loss = generalizedJsdLoss(tensor2d([[9, -9]]), tensor2d([[-9, 9]]));
    expect(await number(loss)).toBeCloseTo(Math.LN2, 5);
  });

  it('is forward KL at beta 0 and reverse KL at beta 1', async () => {
    const at = async (beta: number) => number(generalizedJsdLoss(teacher(), student(), { beta }));
    expect(await at(0)).toBe(await number(kdLoss(teacher(), student(), { temperature: 1 })));
    expect(await at(1)).toBe(await number(reverseKlLoss(teacher(), student())));
  });

  it('tends to beta times forward KL and to 1 − beta times reverse KL near the ends', async () => {
    const at = async (beta: number) => number(generalizedJsdLoss(teacher(), student(), { beta }));
    expect((await at(1e-3)) / 1e-3 / (await at(0))).toBeCloseTo(1, 1);
    expect((await at(1 - 1e-3)) / 1e-3 / (await at(1))).toBeCloseTo(1, 1);
  });

  it('is the same from both sides at beta 0.5', async () => {
    const [there, back] = [
      generalizedJsdLoss(teacher(), student()),
      generalizedJsdLoss(student(), teacher()),
    ];
    expect(await number(there)).toBeCloseTo(await number(back), 6);
  });

  it('refuses a beta beyond its ends', () => {
    expect(() => generalizedJsdLoss(teacher(), student(), { beta: -0.1 })).toThrow(
      'generalizedJsdLoss: Expected `beta` to be a number from 0 to 1, got -0.1.',
    );
  });
});
