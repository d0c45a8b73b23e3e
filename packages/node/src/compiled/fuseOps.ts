import { type OpAttr } from './binding.js';
import {
  type Constant,
  type Layout,
  type Ref,
  sameLayout,
  sameRef,
  type Trace,
  type TracedOp,
} from './Trace.js';
import { layoutOf } from './writeGraph.js';

/**
 * The same step in fewer and larger operations: TensorFlow.js composes of many what TensorFlow has a kernel for. Values
 * stay what they are, to rounding; where an intermediate result is not a number, a gradient may be 0 that was not.
 *
 * @param isFixed Whether a constant is the same in every step: only such ones say what a pattern means.
 */
export function fuseOps(trace: Trace, isFixed: (constant: number) => boolean): Trace {
  const draft = new TraceDraft(trace, isFixed);
  for (let index = 0; index < trace.ops.length; index++) {
    for (const rule of RULES) {
      const op = draft.ops[index] as TracedOp;
      draft.ops[index] = rule(draft, op) ?? op;
    }
  }
  return draft.trace;
}

type Rule = (draft: TraceDraft, op: TracedOp) => TracedOp | undefined;

/** A trace whose operations are exchanged, each for one of the same outputs. */
class TraceDraft {
  readonly ops: TracedOp[];
  readonly constants: Constant[];
  readonly #trace: Trace;
  readonly #isFixed: (constant: number) => boolean;

  constructor(trace: Trace, isFixed: (constant: number) => boolean) {
    this.ops = [...trace.ops];
    this.constants = [...trace.constants];
    this.#trace = trace;
    this.#isFixed = isFixed;
  }

  get trace(): Trace {
    return { ...this.#trace, ops: this.ops, constants: this.constants };
  }

  /** The operation that gives a value, if it is of that name. */
  op(ref: Ref | undefined, name: string): TracedOp | undefined {
    const op = ref?.kind === 'op' ? this.ops[ref.index] : undefined;
    return op?.name === name ? op : undefined;
  }

  layout(ref: Ref): Layout {
    return layoutOf(this.trace, ref) as Layout;
  }

  /** The numbers of a constant that is the same in every step. */
  values(ref: Ref | undefined): ArrayLike<number> | undefined {
    if (ref?.kind !== 'constant' || !this.#isFixed(ref.index)) return undefined;
    return this.constants[ref.index]?.values as ArrayLike<number>;
  }

  /** Whether all elements of a value are this number, in every step. */
  isAll(ref: Ref | undefined, value: number): boolean {
    const fill = this.op(ref, 'Fill');
    if (fill) return this.isAll(fill.inputs[1], value);
    const values = this.values(ref);
    return (
      values !== undefined && values.length > 0 && Array.prototype.every.call(values, (v) => v === value)
    );
  }

  /** Adds an operation with one output. */
  add(op: TracedOp): Ref {
    return { kind: 'op', index: this.ops.push(op) - 1, output: 0 };
  }

  addConstant(constant: Constant): Ref {
    return { kind: 'constant', index: this.constants.push(constant) - 1, output: 0 };
  }

  /** Where an operation of that name takes just this value. */
  user(name: string, input: Ref): Ref | undefined {
    const index = this.ops.findIndex((op) => op.name === name && sameRef(op.inputs[0] as Ref, input));
    return index < 0 ? undefined : { kind: 'op', index, output: 0 };
  }
}

/** Kinds of attributes, see `TF_AttrType` of TensorFlow's C interface. */
const [FLOAT, BOOL, TYPE, STRING] = [2, 3, 4, 0];
const FLOAT32 = 1;
const INT32 = 3;
const T: OpAttr = { name: 'T', type: TYPE, value: FLOAT32 };
const NHWC: OpAttr = { name: 'data_format', type: STRING, value: 'NHWC' };

/** `dy · step(x)`, in which `step` lets through what is not a number, as the gradient of ReLU. */
const reluGrad: Rule = (draft, { name, inputs: [a, b], outputs }) => {
  if (name !== 'Mul' || a === undefined || b === undefined) return undefined;
  for (const [dy, mask] of [
    [a, b],
    [b, a],
  ] as const) {
    const x = steppedOf(draft, mask);
    if (x && sameLayout(draft.layout(dy), draft.layout(x))) {
      const features = draft.user('Relu', x) ?? x; // positive where its input is, and there anyway
      return { name: 'ReluGrad', attrs: [T], inputs: [dy, features], outputs };
    }
  }
  return undefined;
};

/** The value that a mask is the step function of: 1 where it is positive, else 0. */
function steppedOf(draft: TraceDraft, mask: Ref): Ref | undefined {
  const whole = draft.op(draft.op(mask, 'Cast')?.inputs[0] ?? mask, 'Select');
  const x = draft.op(whole?.inputs[0], 'IsNan')?.inputs[0];
  const step = draft.op(whole?.inputs[2], 'Select');
  if (!x || !whole || !step || !sameRef(whole.inputs[1] as Ref, x)) return undefined;
  const [condition, one, zero] = step.inputs;
  return isPositive(draft, condition, x) && draft.isAll(one, 1) && draft.isAll(zero, 0) ? x : undefined;
}

function isPositive(draft: TraceDraft, condition: Ref | undefined, x: Ref): boolean {
  const greater = draft.op(condition, 'Greater');
  return greater !== undefined && sameRef(greater.inputs[0] as Ref, x) && draft.isAll(greater.inputs[1], 0);
}

/** `x > 0 ? dy : α · dy` as the gradient of leaky ReLU. */
const leakyReluGrad: Rule = (draft, { name, inputs: [condition, dy, scaled], outputs }) => {
  const x = draft.op(condition, 'Greater')?.inputs[0];
  const product = draft.op(scaled, 'Mul');
  if (name !== 'Select' || !x || !dy || !product || !isPositive(draft, condition, x)) return undefined;
  const alpha = draft.values(product.inputs[1]);
  if (!sameRef(product.inputs[0] as Ref, dy) || alpha?.length !== 1 || !((alpha[0] as number) > 0))
    return undefined;
  if (!sameLayout(draft.layout(dy), draft.layout(x))) return undefined;
  const features = draft.user('LeakyRelu', x) ?? x;
  const attrs = [T, { name: 'alpha', type: FLOAT, value: alpha[0] }];
  return { name: 'LeakyReluGrad', attrs, inputs: [dy, features], outputs };
};

/** The sum of a convolution and a vector as a bias, which TensorFlow fuses with it and with what activates it. */
const biasAdd: Rule = (draft, { name, inputs: [a, b], outputs }) => {
  if (name !== 'Add' || !a || !b || !draft.op(a, 'Conv2D')) return undefined;
  const { shape } = draft.layout(b);
  if (shape.length !== 1 || shape[0] !== draft.layout(a).shape.at(-1)) return undefined;
  return { name: 'BiasAdd', attrs: [T, NHWC], inputs: [a, b], outputs };
};

/** A product of two matrices: in a batch of one, TensorFlow.js has it. */
const matMul: Rule = (draft, { name, attrs, inputs: [a, b], outputs: [product] }) => {
  if (name !== 'BatchMatMulV2' || !a || !b || !product) return undefined;
  const [left, right] = [matrixOf(draft, a), matrixOf(draft, b)];
  if (!left || !right || product.dtype !== FLOAT32) return undefined;
  const flag = (from: string, to: string): OpAttr => ({
    name: to,
    type: BOOL,
    value: attrs.find((attr) => attr.name === from)?.value ?? false,
  });
  const transposed = [flag('adj_x', 'transpose_a'), flag('adj_y', 'transpose_b')];
  const flat = { dtype: product.dtype, shape: product.shape.slice(-2) };
  const op: TracedOp = { name: 'MatMul', attrs: [T, ...transposed], inputs: [left, right], outputs: [flat] };
  return product.shape.length === 2 ? op : reshaped(draft, draft.add(op), product);
};

/** The same value as a matrix: itself, or what it was before it got a batch dimension of one. */
function matrixOf(draft: TraceDraft, ref: Ref): Ref | undefined {
  const { shape, dtype } = draft.layout(ref);
  if (shape.length === 2) return ref;
  if (shape.length !== 3 || shape[0] !== 1) return undefined;
  const layout = { dtype, shape: shape.slice(1) };
  const source = draft.op(ref, 'Reshape')?.inputs[0];
  if (source && sameLayout(draft.layout(source), layout)) return source;
  return draft.add(reshaped(draft, ref, layout));
}

function reshaped(draft: TraceDraft, ref: Ref, layout: Layout): TracedOp {
  const { shape } = layout;
  const target = draft.addConstant({ shape: [shape.length], dtype: INT32, values: Int32Array.from(shape) });
  const attrs = [
    { name: 'T', type: TYPE, value: layout.dtype },
    { name: 'Tshape', type: TYPE, value: INT32 },
  ];
  return { name: 'Reshape', attrs, inputs: [ref, target], outputs: [layout] };
}

const RULES: readonly Rule[] = [reluGrad, leakyReluGrad, biasAdd, matMul];
