import { type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Inputs, isTensor } from '../Batch.js';
import { DistillError, expected } from '../errors.js';
import {
  isLayersModel,
  layersModelSignature,
  probabilityLayer,
  TappedLayersModel,
} from '../models/layersModel.js';
import { type ModelSignature } from '../models/ModelSignature.js';
import { type ForwardOptions, type Student, type StudentOutputs } from './Student.js';

/** A student written as a plain function over its own variables. */
export interface FunctionStudent {
  readonly name?: string;
  readonly signature?: ModelSignature;
  readonly variables: readonly Variable[];
  /** Logits, or logits with named features. */
  forward(x: Inputs, options: ForwardOptions): Tensor | StudentOutputs;
}

/** Everything that can be a student. */
export type StudentLike = LayersModel | FunctionStudent | Student;

/** Makes a student of a layers model or of `{ forward, variables }`. */
export function asStudent(value: StudentLike): Student {
  if (isLayersModel(value)) return layersModelStudent(value);
  const { forward, variables } = (value ?? {}) as Partial<FunctionStudent>;
  if (typeof forward !== 'function' || !Array.isArray(variables)) {
    throw expected('student', 'a LayersModel or { forward, variables }', value, {
      where: 'prepareCompression',
    });
  }
  return functionStudent(value);
}

function layersModelStudent(model: LayersModel): Student {
  const softened = probabilityLayer(model);
  if (softened !== undefined) {
    throw new DistillError('OPTION', `Layer "${softened}" of the student ends in probabilities.`, {
      where: 'prepareCompression',
      hint: 'Distillation needs logits: leave the last activation out and apply it where you predict.',
    });
  }
  const tapped = new TappedLayersModel(model);
  return {
    name: model.name,
    signature: layersModelSignature(model),
    get variables() {
      return model.trainableWeights.map((weight) => weight.read() as Variable);
    },
    forward: (x, { training, taps = [] }) => tapped.forward(x, training, taps),
  };
}

function functionStudent(student: FunctionStudent): Student {
  return {
    name: student.name ?? 'student',
    signature: student.signature ?? {},
    get variables() {
      return student.variables.filter((variable) => variable.trainable);
    },
    forward: (x, options) => {
      const result = student.forward(x, options);
      return isTensor(result) ? { output: result, features: {} } : result;
    },
  };
}
