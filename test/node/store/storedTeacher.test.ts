import { storedTeacher } from '@tfjs-distill/node';
import { zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const teacher = storedTeacher({
  ids: Int32Array.of(30, 10, 20),
  logits: Float32Array.of(1, 2, 3, 4, 5, 6),
  classes: 2,
});

describe('storedTeacher', () => {
  it('answers in the order of the batch', async () => {
    const { logits } = await teacher.outputs({ x: zeros([3, 1]), ids: Int32Array.of(20, 30, 20) });
    expect(await logits.array()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
  });

  it('tells its number of classes before it is asked', () => {
    expect(teacher.signature).toEqual({ output: [null, 2] });
  });

  it('names a sample that has no answer', () => {
    expect(() => teacher.outputs({ x: zeros([1, 1]), ids: Int32Array.of(40) })).toThrow(
      'storedTeacher: Expected a stored answer for sample 40, found none. 3 samples are stored.',
    );
  });

  it('wants ids, and has no features', () => {
    expect(() => teacher.outputs({ x: zeros([1, 1]) })).toThrow(
      'Expected `batch.ids` to be one id per sample',
    );
    expect(() => teacher.outputs({ x: zeros([1, 1]), ids: Int32Array.of(10) }, ['conv1'])).toThrow(
      'Expected `taps.teacher` to be empty, for only logits are stored, got ["conv1"].',
    );
  });
});
