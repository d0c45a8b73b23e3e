import { type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Inputs, isTensor } from '../Batch.js';
import { DistillError, expected } from '../errors.js';
import { layersUpTo } from '../models/layersUpTo.js';
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
  /** All it is made of, running statistics too. Default: `variables`. */
  readonly weights?: readonly Variable[];
  /** Those of them that a layer's output depends on; wanted for stages that stop at a layer. */
  variablesUpTo?(layer: string): readonly Variable[];
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
  const trainable = (weights: LayersModel['trainableWeights']) =>
    weights.map((weight) => weight.read() as Variable);
  return {
    name: model.name,
    signature: layersModelSignature(model),
    get variables() {
      return trainable(model.trainableWeights);
    },
    get weights() {
      return [...new Set(layerWeights(model))];
    },
    variablesUpTo: (layer) =>
      trainable([...layersUpTo(model, layer)].flatMap(({ trainableWeights }) => trainableWeights)),
    forward: (x, { training, taps = [] }) => tapped.forward(x, training, taps),
  };
}

/** Layer by layer: a model's own list changes its order where layers are frozen. */
function layerWeights({ layers }: LayersModel): Variable[] {
  return layers.flatMap((layer) =>
    isLayersModel(layer) ? layerWeights(layer) : layer.weights.map((weight) => weight.read() as Variable),
  );
}

function functionStudent(student: FunctionStudent): Student {
  return {
    name: student.name ?? 'student',
    signature: student.signature ?? {},
    get variables() {
      return student.variables.filter((variable) => variable.trainable);
    },
    get weights() {
      return student.weights ?? student.variables;
    },
    ...(student.variablesUpTo && { variablesUpTo: student.variablesUpTo.bind(student) }),
    forward: (x, options) => {
      const result = student.forward(x, options);
      return isTensor(result) ? { output: result, features: {} } : result;
    },
  };
}
