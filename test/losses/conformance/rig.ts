import {
  cast,
  dispose,
  gather,
  matMul,
  randomNormal,
  randomUniform,
  reshape,
  type Scalar,
  scalar,
  type Tensor,
  tensor1d,
  type Tensor2D,
  tidy,
  variable,
  type Variable,
} from '@tensorflow/tfjs-core';
import {
  type Batch,
  type Criterion,
  type LossContext,
  type ModelSignature,
  type Student,
  type TeacherSource,
  valueOf,
} from '@tfjs-distill/core';
import { type Method } from './Method.js';

/** What both sides say of one batch. */
export interface Outputs {
  readonly teacher: Readonly<Record<string, Tensor>>;
  readonly student: Readonly<Record<string, Tensor>>;
}

/** The logits' key among the outputs; features go by the layer's name. */
export const LOGITS = 'logits';
const INPUTS = 5;

/** Output shapes of a method's two sides, without the batch. */
export function shapesOf(method: Method): Record<'teacher' | 'student', Record<string, readonly number[]>> {
  const { logits = [10], features } = method;
  return {
    teacher: { [LOGITS]: logits, ...features?.teacher },
    student: { [LOGITS]: logits, ...features?.student },
  };
}

/** Makes both sides' outputs; `fill` gives the tensor of a shape, batch included. */
export function outputsOf(
  method: Method,
  batch: number,
  fill: (shape: number[], index: number) => Tensor,
): Outputs {
  let index = 0;
  const side = (shapes: Record<string, readonly number[]>) =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, fill([batch, ...shape], index++)]),
    );
  const { teacher, student } = shapesOf(method);
  return { teacher: side(teacher), student: side(student) };
}

export const random = (shape: number[], seed: number): Tensor =>
  randomNormal(shape, 0, 2, 'float32', seed + 1);

/** Labels, ids and inputs of a batch; the labels are class numbers of the logits' leading dimensions. */
export function batchOf(method: Method, size: number, seed = 1): Batch {
  const logits = method.logits ?? [10];
  const shape = [size, ...logits.slice(0, -1)];
  const classes = logits.at(-1) ?? 1;
  const y = tidy(() => cast(randomUniform(shape, 0, classes - 0.01, 'float32', seed), 'int32'));
  const x = randomNormal([size, INPUTS], 0, 1, 'float32', seed);
  return { x, y, ids: Int32Array.from({ length: size }, (_, i) => i) };
}

/** The context that `compute` sees, for outputs given by hand. */
export function contextOf(outputs: Outputs, batch: Batch, step = 0): LossContext {
  const { [LOGITS]: teacherLogits, ...teacherFeatures } = outputs.teacher;
  const { [LOGITS]: output, ...features } = outputs.student;
  const progress = { epoch: step, epochs: 100, step: 0, globalStep: step, fraction: step / 100 };
  return {
    student: undefined as never,
    teacher: undefined,
    criteria: [],
    optimizer: undefined,
    ...progress,
    progress,
    batch,
    labels: batch.y!,
    taskLoss: scalar(0),
    studentOutputs: { output: output!, features },
    hearing: (_, compute) => compute(),
    teacherOutputs: { logits: teacherLogits!, features: teacherFeatures },
    knob: (knob, name) => valueOf(knob, progress, name),
    stop: () => undefined,
    log: () => undefined,
    record: () => undefined,
    terms: [],
    capture: () => ({}),
    stepsPerEpoch: undefined,
    stopReason: undefined,
  };
}

/** A linear model with the outputs of one side: every output is the input times its own matrix. */
export class LinearSide {
  readonly variables: Variable[];
  readonly signature: ModelSignature;
  readonly #shapes: Readonly<Record<string, readonly number[]>>;

  constructor(shapes: Readonly<Record<string, readonly number[]>>, seed: number) {
    this.#shapes = shapes;
    this.variables = Object.values(shapes).map((shape, i) =>
      tidy(() => variable(randomNormal([INPUTS, sizeOf(shape)], 0, 1, 'float32', seed + i))),
    );
    const { [LOGITS]: output = [], ...features } = shapes;
    const free = Object.entries(features).map(([name, shape]) => [name, [null, ...shape]] as const);
    this.signature = {
      inputs: [[null, INPUTS]],
      output: [null, ...output],
      features: Object.fromEntries(free),
    };
  }

  forward(x: Tensor): Readonly<Record<string, Tensor>> {
    const named = Object.entries(this.#shapes).map(([name, shape], i) => {
      const flat = matMul(x as Tensor2D, this.variables[i] as unknown as Tensor2D);
      return [name, reshape(flat, [x.shape[0], ...shape])] as const;
    });
    return Object.fromEntries(named);
  }

  dispose(): void {
    dispose(this.variables);
  }
}

/** A student and a teacher with a method's outputs, for the manager. */
export function modelsOf(method: Method): { student: Student; teacher: TeacherSource; dispose: () => void } {
  const shapes = shapesOf(method);
  const sides = {
    student: new LinearSide(shapes.student, 100),
    teacher: new LinearSide(shapes.teacher, 200),
  };
  const student: Student = {
    name: 'student',
    signature: sides.student.signature,
    variables: sides.student.variables,
    forward: (x) => {
      const { [LOGITS]: output, ...features } = sides.student.forward(x as Tensor);
      return { output: output!, features };
    },
  };
  const teacher: TeacherSource = {
    name: 'teacher',
    signature: sides.teacher.signature,
    outputs: ({ x }) => {
      const { [LOGITS]: logits, ...features } = tidy(() => sides.teacher.forward(x as Tensor));
      return { logits: logits!, features };
    },
  };
  return {
    student,
    teacher,
    dispose: () => {
      sides.student.dispose();
      sides.teacher.dispose();
    },
  };
}

/** A criterion of the method, prepared for its models. Dispose both. */
export function prepared(method: Method): { criterion: Criterion; dispose: () => void } {
  const models = modelsOf(method);
  const criterion = method.factory(method.options);
  criterion.prepare?.(models);
  return {
    criterion,
    dispose: () => {
      criterion.dispose?.();
      models.dispose();
    },
  };
}

/** The same samples in another order. */
export function reordered(outputs: Outputs, batch: Batch, order: readonly number[]): [Outputs, Batch] {
  const index = tensor1d([...order], 'int32');
  const pick = (side: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(Object.entries(side).map(([name, tensor]) => [name, gather(tensor, index)]));
  const y = gather(batch.y!, index);
  const ids = Int32Array.from(order, (i) => batch.ids![i]!);
  return [
    { teacher: pick(outputs.teacher), student: pick(outputs.student) },
    { x: gather(batch.x as Tensor, index), y, ids },
  ];
}

export async function numberOf(value: Scalar): Promise<number> {
  const [number = NaN] = await value.data();
  return number;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
