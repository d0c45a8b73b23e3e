import { resolve } from 'node:path';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { DistillError, expected, messageOf, unknownName } from '@tfjs-distill/core';
import { exists } from '../io/exists.js';
import { openModel } from '../models/openModel.js';
import { importExport } from './importExport.js';
import { STUDENT_NAMES, type StudentName, STUDENTS } from './students/index.js';
import { type StudentPlan } from './students/StudentBuilder.js';

/** A student in a configuration: a name, a saved model, a user's module; or the last two with options. */
export type StudentSpec =
  | string
  | { readonly path: string }
  | { readonly module: string; readonly export?: string | undefined; readonly options?: object | undefined };

const MODULE = /\.[cm]?[jt]s$/;

/**
 * Makes or loads a student.
 *
 * @param spec A name such as `small-cnn`; the path of a saved LayersModel; the path of a module whose default export is
 *   `(inputShape, classes, { seed, …options }) => LayersModel`.
 * @param base Folder that relative paths start from.
 * @returns A LayersModel that takes the samples and ends in as many logits as there are classes. The caller owns it.
 * @throws DistillError `OPTION` for an unknown name or a module that gives something else, `DATA` for a path without a
 *   model, `SHAPE` if the model does not fit the data.
 */
export async function openStudent(spec: StudentSpec, plan: StudentPlan, base = '.'): Promise<LayersModel> {
  const model = await studentOf(spec, plan, base);
  try {
    checkShapes(model, plan);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function studentOf(spec: StudentSpec, plan: StudentPlan, base: string): Promise<LayersModel> {
  if (typeof spec !== 'string') {
    if ('path' in spec) return savedStudent(resolve(base, spec.path));
    return moduleStudent(resolve(base, spec.module), plan, spec);
  }
  if (isName(spec)) return STUDENTS[spec](plan);
  const path = resolve(base, spec);
  if (MODULE.test(spec)) return moduleStudent(path, plan);
  if (await exists(path)) return savedStudent(path);
  throw unknownName('student', spec, [...STUDENT_NAMES, 'the path of a saved model', 'the path of a module']);
}

async function savedStudent(path: string): Promise<LayersModel> {
  const model = await openModel(path);
  if (isLayersModel(model)) {
    model.trainable = true;
    return model;
  }
  model.dispose();
  throw expected('student', 'a LayersModel', 'a GraphModel, which cannot be trained', { where: path });
}

async function moduleStudent(
  file: string,
  { inputShape, classes, seed }: StudentPlan,
  {
    export: name = 'default',
    options = {},
  }: { export?: string | undefined; options?: object | undefined } = {},
): Promise<LayersModel> {
  const build = await importExport(file, name);
  if (typeof build !== 'function')
    throw expected(`export ${name}`, 'a function (inputShape, classes, { seed }) => LayersModel', build, {
      where: file,
    });
  const model: unknown = await call(file, () =>
    (build as (...args: unknown[]) => unknown)([...inputShape], classes, { ...options, seed }),
  );
  if (isLayersModel(model)) return model;
  throw expected(`what export ${name} returns`, 'a LayersModel', model, { where: file });
}

async function call(file: string, f: () => unknown): Promise<unknown> {
  try {
    return await f();
  } catch (cause) {
    if (cause instanceof DistillError) throw cause;
    throw new DistillError('DATA', `Its function threw: ${messageOf(cause)}.`, { where: file, cause });
  }
}

function checkShapes(model: LayersModel, { inputShape, classes }: StudentPlan): void {
  const input = model.inputs[0]?.shape.slice(1) ?? [];
  const output = model.outputs[0]?.shape.slice(1) ?? [];
  const fits =
    input.length === inputShape.length && input.every((size, i) => size === null || size === inputShape[i]);
  if (fits && output.at(-1) === classes) return;
  const rule = `a model from [${inputShape.join(', ')}] to ${classes} classes`;
  throw expected('student', rule, `one from [${input.join(', ')}] to [${output.join(', ')}]`, {
    where: 'student',
  });
}

const isName = (text: string): text is StudentName => Object.hasOwn(STUDENTS, text);

function isLayersModel(value: unknown): value is LayersModel {
  return (
    Array.isArray((value as Partial<LayersModel> | undefined)?.layers) && !('executor' in (value as object))
  );
}
