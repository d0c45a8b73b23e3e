import { type Layout, type Ref, sizeOf, type Trace, type TracedOp } from './Trace.js';
import { layoutOf } from './writeGraph.js';

/**
 * About how many floating-point operations a trace is: two for each product that a convolution or a product of matrices
 * sums up, `EACH` for each number that any other operation gives.
 *
 * @example workOf(trace) // of a product [32, 64] · [64, 10]: 40,960
 */
export function workOf(trace: Trace): number {
  return trace.ops.reduce((sum, op) => sum + workOfOp(trace, op), 0);
}

/** Of an operation that is no sum of products, for each of its results. */
const EACH = 4;

function workOfOp(trace: Trace, op: TracedOp): number {
  const sizes = op.inputs.map((ref) => shapeOf(trace, ref));
  const result = op.outputs[0]?.shape ?? [];
  const products = CONTRACTIONS[op.name]?.(sizes, result, op);
  return products === undefined ? EACH * sizeOf(result) : 2 * products;
}

type Shapes = readonly (readonly number[])[];

/** Number of products, by operation, from the shapes of what it takes and gives. */
const CONTRACTIONS: Readonly<
  Record<string, (inputs: Shapes, result: readonly number[], op: TracedOp) => number>
> = {
  BatchMatMulV2: ([a = []], result, op) => sizeOf(result) * summed(a, op, 'adj_x'),
  MatMul: ([a = []], result, op) => sizeOf(result) * summed(a, op, 'transpose_a'),
  _FusedMatMul: ([a = []], result, op) => sizeOf(result) * summed(a, op, 'transpose_a'),
  Conv2D: ([, filter = []], result) => ofConvolution(result, filter),
  _FusedConv2D: ([, filter = []], result) => ofConvolution(result, filter),
  Conv3D: ([, filter = []], result) => ofConvolution(result, filter),
  Conv2DBackpropInput: ([, filter = [], dy = []]) => ofConvolution(dy, filter),
  Conv3DBackpropInputV2: ([, filter = [], dy = []]) => ofConvolution(dy, filter),
  Conv2DBackpropFilter: ([, , dy = []], filter) => ofConvolution(dy, filter),
  Conv3DBackpropFilterV2: ([, , dy = []], filter) => ofConvolution(dy, filter),
  DepthwiseConv2dNative: ([, filter = []], result) => ofDepthwise(result, filter),
  DepthwiseConv2dNativeBackpropInput: ([, filter = [], dy = []]) => ofDepthwise(dy, filter),
  DepthwiseConv2dNativeBackpropFilter: ([, , dy = []], filter) => ofDepthwise(dy, filter),
};

/** How many products one element of a product of matrices sums up. */
function summed(a: readonly number[], { attrs }: TracedOp, transposed: string): number {
  const isTransposed = attrs.find(({ name }) => name === transposed)?.value === true;
  return a.at(isTransposed ? -2 : -1) ?? 1;
}

/** Every output sums over all of the filter but its last axis, the outputs' own. */
function ofConvolution(output: readonly number[], filter: readonly number[]): number {
  return sizeOf(output) * sizeOf(filter.slice(0, -1));
}

/** Every output sums over the filter's height and width. */
function ofDepthwise(output: readonly number[], filter: readonly number[]): number {
  return sizeOf(output) * sizeOf(filter.slice(0, 2));
}

function shapeOf(trace: Trace, ref: Ref): readonly number[] {
  return (layoutOf(trace, ref) as Layout).shape;
}
