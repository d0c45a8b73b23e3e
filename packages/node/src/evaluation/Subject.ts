import { type GraphModel } from '@tensorflow/tfjs-converter';
import { clone, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  asStudent,
  type Batch,
  countFlops,
  expected,
  type FunctionStudent,
  type GraphModelLike,
  isLayersModel,
  liveTeacher,
  type LiveTeacherOptions,
  probabilityLayer,
  type Student,
  type TeacherLike,
  type TeacherSource,
  totalFlops,
} from '@tfjs-distill/core';

/** Everything that can be evaluated: every teacher and every student. */
export type EvaluatedModel = TeacherLike | GraphModel | Student | FunctionStudent;

/** A model as its evaluation sees it. */
export interface Subject {
  readonly name: string;
  /** Logits in inference mode; the caller owns them. */
  logits(batch: Batch): Tensor | Promise<Tensor>;
  /** Whether it computes here, so that its time says something of it. */
  readonly live: boolean;
  /** Where the logits come from, if from a teacher. */
  readonly source?: TeacherSource;
  readonly parameters?: number;
  readonly flops?: number;
}

/** Brings every kind of model to one form. */
export function asSubject(model: EvaluatedModel, options: LiveTeacherOptions = {}): Subject {
  if (isLayersModel(model)) return layersModelSubject(model, options);
  if (isSource(model)) return { ...sourceSubject(model), live: false };
  if (isGraphModel(model)) return graphModelSubject(model, options);
  if (typeof model === 'function') return sourceSubject(liveTeacher(model, options));
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

type GraphLike = GraphModelLike & Partial<Pick<GraphModel, 'weights'>>;

function graphModelSubject(model: GraphLike, options: LiveTeacherOptions): Subject {
  const weights = Object.values(model.weights ?? {}).flat();
  return {
    ...sourceSubject(liveTeacher(model, options)),
    ...(model.weights && { parameters: weights.reduce((sum, { size }) => sum + size, 0) }),
  };
}

function sourceSubject(source: TeacherSource): Subject {
  return {
    name: source.name,
    live: true,
    source,
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

function isGraphModel(model: EvaluatedModel): model is GraphLike {
  return typeof (model as Partial<GraphLike> | undefined)?.predict === 'function';
}

function isStudent(model: EvaluatedModel): model is Student | FunctionStudent {
  return typeof (model as Partial<Student> | undefined)?.forward === 'function';
}
