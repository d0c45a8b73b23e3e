import {
  greater,
  memory,
  mul,
  type Scalar,
  scalar,
  sum,
  tensor1d,
  variable,
  variableGrads,
  where,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { noGrad } from '../../packages/losses/src/noGrad.js';
import { gradientOf, number } from './read.js';

describe('noGrad', () => {
  it('gives the value and hides where it came from', async () => {
    const { value, gradient } = await gradientOf(
      (x) =>
        sum(
          mul(
            x,
            noGrad(() => mul(x, 3)),
          ),
        ),
      tensor1d([1, 2]),
    );
    expect(value).toBe(15);
    expect(gradient).toEqual([3, 6]); // of 3 · c · x with c held
  });

  it('lets a comparison of student tensors into the tape, which has no gradient of its own', async () => {
    const { gradient } = await gradientOf(
      (x) =>
        sum(
          where(
            noGrad(() => greater(x, 0)),
            mul(x, 2),
            mul(x, 5),
          ),
        ),
      tensor1d([1, -1]),
    );
    expect(gradient).toEqual([2, 5]);
  });

  it('keeps no intermediate tensor for the tape', () => {
    const x = variable(scalar(2));
    let kept = 0;
    const { grads } = variableGrads(() => {
      const before = memory().numTensors;
      const constant = noGrad(() => mul(mul(mul(x, x), x), x));
      kept = memory().numTensors - before;
      return mul<Scalar>(x, constant);
    }, [x]);
    expect(kept).toBe(1);
    expect(Object.keys(grads)).toEqual([x.name]);
    x.dispose();
  });

  it('gives nothing to differentiate where everything is a constant', async () => {
    const x = variable(scalar(2));
    const y = variable(scalar(5));
    const { grads, value } = variableGrads(
      () =>
        mul<Scalar>(
          y,
          noGrad(() => mul(x, x)),
        ),
      [x, y],
    );
    expect(await number(value)).toBe(20);
    expect(grads[x.name]).toBeUndefined();
    x.dispose();
    y.dispose();
  });
});
