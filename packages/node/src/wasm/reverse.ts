import { Reverse, type ReverseAttrs, type ReverseInputs, util } from '@tensorflow/tfjs-core';
import { axesOf, copyStrided } from './copyStrided.js';
import { wrappedKernel } from './kernel.js';

/** Turns x around along the axes `dims`, as a backward or bidirectional recurrent layer does. Stock: 24 ns a number. */
export const reverse = wrappedKernel<ReverseInputs, ReverseAttrs>(Reverse, (call, stock) => {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  if (x.dtype === 'string') return stock(call);
  const dims = util.parseAxisParam(attrs.dims, x.shape);
  let start = 0;
  const axes = axesOf(x.shape).map(({ count, step }, axis) => {
    if (!dims.includes(axis)) return { count, step };
    start += (count - 1) * step;
    return { count, step: -step };
  });
  return copyStrided(backend, x, start, axes, x.shape);
});
