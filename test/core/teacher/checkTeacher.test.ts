import {
  argMax,
  fill,
  floor,
  slice,
  tile,
  memory,
  oneHot,
  randomUniform,
  type Rank,
  sub,
  mul,
  softmax,
  type Tensor,
  tidy,
  gather,
  log,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { checkTeacher, liveTeacher } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';

/** Samples whose class is where their largest value is; a teacher that sees that in values from 0 to 255. */
const CLASSES = 5;
const batch = () => {
  const x = randomUniform<Rank.R2>([200, CLASSES], 0, 1, 'float32', 3);
  return { x, y: tidy(() => argMax(x, -1)) };
};
const right = liveTeacher((x) => mul(x as Tensor, 9), { name: 'right' });

describe('checkTeacher', () => {
  it('finds nothing wrong with a teacher that is right', async () => {
    expect(await checkTeacher(right, batch(), { classes: CLASSES })).toEqual({
      samples: 200,
      classes: CLASSES,
      outputs: 'logits',
      accuracy: 1,
      warnings: [],
    });
  });

  it('believes a teacher that is right about few samples, or about one class alone', async () => {
    const { x, y } = batch();
    const few = { x: slice(x, [0, 0], [6, -1]), y: slice(y, [0], [6]) };
    expect((await checkTeacher(right, few)).warnings).toEqual([]);
    const same = { x: tile(oneHot(tensor1d([2], 'int32'), CLASSES), [30, 1]), y: fill([30], 2, 'int32') };
    expect((await checkTeacher(right, same)).warnings).toEqual([]);
  });

  it('takes soft labels, and none', async () => {
    const { x, y } = batch();
    const soft = oneHot(y, CLASSES);
    expect((await checkTeacher(right, { x, y: soft })).accuracy).toBe(1);
    expect(await checkTeacher(right, { x })).not.toHaveProperty('accuracy');
  });

  it('tells probabilities', async () => {
    const soft = liveTeacher((x) => softmax(mul(x as Tensor, 9)));
    const { outputs, warnings } = await checkTeacher(soft, batch());
    expect(outputs).toBe('probabilities');
    expect(warnings).toEqual([expect.stringMatching(/outputs: 'probabilities'/)]);
  });

  it('tells another order of classes, and which', async () => {
    const order = [2, 0, 1, 4, 3]; // its output k is class order[k]
    const shuffled = liveTeacher((x) => gather(mul(x as Tensor, 9), tensor1d(order, 'int32'), 1));
    const { warnings } = await checkTeacher(shuffled, batch());
    expect(warnings).toEqual([
      expect.stringMatching(/another order: with `classes: \[1, 2, 0, 4, 3\]` it is right about 100 %/),
    ]);
  });

  it('tells another range of the input', async () => {
    // sees nothing in values below 1, and the class in values up to 255
    const teacher = liveTeacher((x) => bytes(x as Tensor));
    const { warnings } = await checkTeacher(teacher, batch());
    expect(warnings).toEqual([
      expect.stringMatching(/as if by chance\. With `preprocess: \{"scale":255\}` it is right about/),
    ]);
  });

  it('says that an answer is always the same', async () => {
    const constant = liveTeacher(() => oneHot(tensor1d(new Array<number>(200).fill(3), 'int32'), CLASSES));
    const { warnings } = await checkTeacher(
      { ...constant, outputs: (...given) => constant.outputs(...given) },
      batch(),
    );
    expect(warnings.join()).toMatch(/says class 3 for every sample/);
  });

  it('refuses another number of classes', async () => {
    await expect(checkTeacher(right, batch(), { classes: 7 })).rejects.toThrow(
      /`teacher "right"` \[null, 5\] and `data set` \[null, 7\].*`classes`/,
    );
  });

  it('refuses NaN, and leaks nothing', async () => {
    const given = batch();
    const before = memory().numTensors;
    const broken = liveTeacher((x) => log(sub(x as Tensor, 2)), { name: 'broken' });
    await expect(checkTeacher(broken, given)).rejects.toThrow(/Teacher "broken" answers NaN.*`preprocess`/);
    await checkTeacher(right, given);
    expect(memory().numTensors).toBe(before);
  });
});

/** Logits that see only differences of ten. */
const bytes = (x: Tensor): Tensor => floor(mul(x, 1 / 10));
