import { encodeOneThread } from './savedModelProto.js';
import { type Trace } from './Trace.js';
import { workOf } from './workOf.js';

/**
 * Floating-point operations of a step up to which one thread does it as fast as several: on two cores one was faster by
 * a third at 50 million, as fast at 100, and slower by a tenth at 200. The rule looks at the trace alone, not at a clock:
 * the number of threads decides in which order sums are taken, and the same run shall give the same weights.
 */
const SMALL = 1.5e8;

/** How a trace's session computes: a ConfigProto, or `undefined` for TensorFlow's own, with all cores. */
export function sessionConfig(trace: Trace): Uint8Array | undefined {
  return workOf(trace) <= SMALL ? encodeOneThread() : undefined;
}
