import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Inputs, isTensor, teacherInput } from '../Batch.js';
import { DistillError, expected } from '../errors.js';
import { checkInput } from '../models/checkInput.js';
import {
  firstTensor,
  type GraphModelLike,
  graphModelSignature,
  runGraphModel,
} from '../models/graphModel.js';
import {
  isLayersModel,
  layersModelSignature,
  probabilityLayer,
  TappedLayersModel,
} from '../models/layersModel.js';
import { type ModelSignature } from '../models/ModelSignature.js';
import { logProbabilities } from './logProbabilities.js';
import { type TeacherOutputs, type TeacherSource } from './TeacherSource.js';

export { type GraphModelLike };

/** A teacher as a plain function; may be `async`. */
export type TeacherFunction = (
  x: Inputs,
) => Tensor | Partial<TeacherOutputs> | Promise<Tensor | Partial<TeacherOutputs>>;

export interface LiveTeacherOptions {
  readonly name?: string;
  /** What the model ends in. Probabilities are turned back to logits by `log p`. Default `'logits'`. */
  readonly outputs?: 'logits' | 'probabilities';
}

type Run = (x: Inputs, taps: readonly string[]) => TeacherOutputs | Promise<TeacherOutputs>;

/**
 * A teacher that runs for every batch, in inference mode: dropout off, batch norm frozen.
 *
 * @param model LayersModel, GraphModel, or `(x) => logits`. Stays yours: nothing of it is disposed.
 * @returns Source whose `outputs` the caller owns.
 * @throws DistillError if a model ends in a softmax and `outputs` does not say so.
 *
 * @example
 * const teacher = liveTeacher(model, { outputs: 'probabilities' });
 * const { logits } = await teacher.outputs({ x }); // [batch, classes]
 */
export function liveTeacher(
  model: LayersModel | GraphModelLike | TeacherFunction,
  options: LiveTeacherOptions = {},
): TeacherSource {
  const { run, signature, name } = runnable(model, options);
  return {
    name: options.name ?? name,
    signature,
    immediate: model.constructor.name !== 'AsyncFunction',
    outputs: (batch, taps = []) => {
      const x = teacherInput(batch);
      checkInput(x, signature, 'teacher');
      return run(x, taps);
    },
  };
}

interface Runnable {
  readonly run: Run;
  readonly signature: ModelSignature;
  readonly name: string;
}

function runnable(
  model: LayersModel | GraphModelLike | TeacherFunction,
  options: LiveTeacherOptions,
): Runnable {
  if (isLayersModel(model)) return runLayersModel(model, options);
  if (typeof model === 'function') {
    return { run: runFunction(model, options), signature: {}, name: model.name || 'teacher' };
  }
  if (typeof model?.predict === 'function') return graphTeacher(model, options);
  throw expected('teacher', 'a LayersModel, a GraphModel, (x) => logits or a TeacherSource', model, {
    where: 'prepareCompression',
  });
}

function runLayersModel(model: LayersModel, options: LiveTeacherOptions): Runnable {
  const softened = probabilityLayer(model);
  if (softened !== undefined && options.outputs === undefined) {
    throw new DistillError('OPTION', `Layer "${softened}" of the teacher ends in probabilities.`, {
      where: 'prepareCompression',
      hint: "Pass `teacher: liveTeacher(model, { outputs: 'probabilities' })`, or a model that ends in logits.",
    });
  }
  const tapped = new TappedLayersModel(model);
  const run: Run = (x, taps) =>
    tidy(() => {
      const { output, features } = tapped.forward(x, false, taps);
      return { logits: asLogits(output, options), features };
    });
  return { run, signature: layersModelSignature(model), name: model.name };
}

function graphTeacher(model: GraphModelLike, options: LiveTeacherOptions): Runnable {
  const run: Run = (x, taps) =>
    tidy(() => {
      const { output, features } = runGraphModel(model, x, taps);
      return { logits: asLogits(output, options), features };
    });
  return { run, signature: graphModelSignature(model), name: 'teacher' };
}

function runFunction(f: TeacherFunction, options: LiveTeacherOptions): Run {
  if (f.constructor.name === 'AsyncFunction') {
    return async (x) => {
      const { logits: raw, features } = partsOf(await f(x));
      const logits = tidy(() => asLogits(raw, options));
      if (logits !== raw) raw.dispose();
      return { logits, features };
    };
  }
  return (x) =>
    tidy(() => {
      const result = f(x);
      if (result instanceof Promise) throw notDeclaredAsync(f, result);
      const { logits, features } = partsOf(result);
      return { logits: asLogits(logits, options), features };
    });
}

function partsOf(result: Tensor | Partial<TeacherOutputs>): TeacherOutputs {
  if (isTensor(result)) return { logits: result, features: {} };
  const { logits, features = {} } = result ?? {};
  return isTensor(logits) ? { logits, features } : { logits: firstTensor(result), features: {} };
}

function asLogits(output: Tensor, { outputs = 'logits' }: LiveTeacherOptions): Tensor {
  return outputs === 'logits' ? output : logProbabilities(output);
}

function notDeclaredAsync(f: TeacherFunction, pending: Promise<unknown>): DistillError {
  pending.catch(() => undefined); // its failure is not the news
  return expected('teacher', 'a function that returns logits', 'a promise', {
    where: f.name || 'liveTeacher',
    hint: 'Declare it with `async`, so that its tensors are not freed while it waits.',
  });
}
