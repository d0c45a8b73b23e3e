import { encodeOneThread } from './savedModelProto.js';
import { type Trace } from './Trace.js';
import { workOf } from './workOf.js';

/**
 * Floating-point operations of a step up to which one thread does it faster than several: to hand a part of an operation
 * to another thread takes about as long as 100,000 of them. The rule looks at the trace alone, not at a clock: the number
 * of threads decides in which order sums are taken, and the same run shall give the same weights.
 */
const SMALL = 3e8;

/** How a trace's session computes: a ConfigProto, or `undefined` for TensorFlow's own, with all cores. */
export function sessionConfig(trace: Trace): Uint8Array | undefined {
  return workOf(trace) <= SMALL ? encodeOneThread() : undefined;
}
