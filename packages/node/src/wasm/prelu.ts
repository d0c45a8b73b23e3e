import { broadcast_util, Prelu, type PreluInputs, util } from '@tensorflow/tfjs-core';
import { broadcastTo } from './copyStrided.js';
import { dispose, wrappedKernel } from './kernel.js';

/**
 * `x` where x > 0, else `alpha · x`. The stock kernel (4.22) repeats alpha along the last axes, whatever its shape
 * says; so what is not of the shape of x is made so.
 */
export const prelu = wrappedKernel<PreluInputs, unknown>(Prelu, (call, stock) => {
  const { inputs, attrs, backend } = call;
  const shape = broadcast_util.assertAndGetBroadcastShape(inputs.x.shape, inputs.alpha.shape);
  const last = inputs.alpha.shape.slice(inputs.alpha.shape.findIndex((size) => size > 1));
  const repeatsLast = util.arraysEqual(shape.slice(shape.length - last.length), last);
  if (repeatsLast && util.arraysEqual(shape, inputs.x.shape)) return stock(call);
  const x = broadcastTo(backend, inputs.x, shape);
  const alpha = broadcastTo(backend, inputs.alpha, shape);
  const out = stock({ inputs: { x, alpha }, attrs, backend });
  dispose(backend, x, alpha);
  return out;
});
