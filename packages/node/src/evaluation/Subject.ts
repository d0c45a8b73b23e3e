import { type GraphModel } from '@tensorflow/tfjs-converter';
import { clone, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  asStudent,
  type Batch,
  countFlops,
  expected,
  type FunctionStudent,
  isLayersModel,
  liveTeacher,
  type LiveTeacherOptions,
  probabilityLayer,
  type Student,
  type TeacherSource,
  totalFlops,
} from '@tfjs-distill/core';

/** Everything that can be evaluated. */
export type EvaluatedModel = LayersModel | GraphModel | TeacherSource | Student | FunctionStudent;

/** A model as its evaluation sees it. */
export interface Subject {
  readonly name: string;
  /** Logits in inference mode; the caller owns them. */
  logits(batch: Batch): Tensor | Promise<Tensor>;
  /** Whether it computes here, so that its time says something of it. */
  readonly live: boolean;
  readonly parameters?: number;
  readonly flops?: number;
}

/** Brings every kind of model to one form. */
export function asSubject(model: EvaluatedModel, options: LiveTeacherOptions = {}): Subject {
  if (isLayersModel(model)) return layersModelSubject(model, options);
  if (isSource(model)) return { ...sourceSubject(model), live: false };
  if (isGraphModel(model)) return graphModelSubject(model, options);
  if (isStudent(model)) return studentSubject(asStudent(model));
  throw expected('model', 'a LayersModel, a GraphModel, a TeacherSource or a Student', model, {
    where: 'evaluateModel',
  });
}

function layersModelSubject(model: LayersModel, options: LiveTeacherOptions): Subject {
  const softened = probabilityLayer(model) !== undefined;
  const flops = totalFlops(countFlops(model));
  return {
    ...sourceSubject(liveTeacher(model, { ...(softened && { outputs: 'probabilities' }), ...options })),
    parameters: model.countParams(),
    ...(flops !== undefined && { flops }),
  };
}

function graphModelSubject(model: GraphModel, options: LiveTeacherOptions): Subject {
  const weights = Object.values(model.weights).flat();
  return {
    ...sourceSubject(liveTeacher(model, options)),
    parameters: weights.reduce((sum, { size }) => sum + size, 0),
  };
}

function sourceSubject(source: TeacherSource): Subject {
  return {
    name: source.name,
    live: true,
    logits: (batch) => {
      const outputs = source.outputs(batch);
      return outputs instanceof Promise ? outputs.then(({ logits }) => logits) : outputs.logits;
    },
  };
}

function studentSubject(student: Student): Subject {
  return {
    name: student.name,
    live: true,
    logits: ({ x }) => tidy(() => clone(student.forward(x, { training: false }).output)), // it may be `x` itself,
    parameters: student.variables.reduce((sum, { size }) => sum + size, 0),
  };
}

function isSource(model: EvaluatedModel): model is TeacherSource {
  return typeof (model as Partial<TeacherSource> | undefined)?.outputs === 'function';
}

function isGraphModel(model: EvaluatedModel): model is GraphModel {
  const { predict, weights } = (model ?? {}) as Partial<GraphModel>;
  return typeof predict === 'function' && typeof weights === 'object';
}

function isStudent(model: EvaluatedModel): model is Student | FunctionStudent {
  return typeof (model as Partial<Student> | undefined)?.forward === 'function';
}
