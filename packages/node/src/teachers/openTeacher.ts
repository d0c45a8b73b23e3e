import path from 'node:path';
import {
  adaptTeacher,
  DistillError,
  liveTeacher,
  parseOptions,
  type TeacherAdaptation,
  type TeacherSource,
} from '@tfjs-distill/core';
import { exists } from '../io/exists.js';
import { openModel } from '../models/openModel.js';
import { fingerprint, modelFingerprint } from '../store/fingerprint.js';
import { fileFingerprint } from './fileFingerprint.js';
import { moduleTeacher } from './moduleTeacher.js';
import { onnxTeacher } from './onnxTeacher.js';
import { withEnvironment } from './remote/headers.js';
import { isModelAddress } from './remote/modelAddress.js';
import { openRemote } from './remote/remoteTeacher.js';
import { savedModelTeacher } from './savedModelTeacher.js';
import { type TeacherSpec, teacherSpecSchema } from './teacherSpec.js';

/** A teacher out of a file or from a server, and a short name for what it computes. */
export interface OpenedTeacher extends TeacherSource {
  /**
   * Names the model's contents and the conversions around it: stores carry it. A model server does not tell its
   * weights: there it names model, versions and signature.
   */
  readonly fingerprint: string;
}

/**
 * Opens a teacher by its path, address or description.
 *
 * Probabilities are told from logits by the first batch unless `outputs` says what they are.
 *
 * @param spec A folder or model.json of TensorFlow.js, a SavedModel's folder (native engine), an `.onnx` file
 *   (`onnxruntime-node`), a `.js` module of a function, the address of a model server; or `{ model, … }` with conversions.
 * @param base Folder that relative paths start from. Default the working folder.
 * @returns Source with a fingerprint; dispose it when done.
 * @throws DistillError `OPTION` for a spec that is none, `DATA` or `TEACHER` if it cannot be opened.
 *
 * @example
 * const teacher = await openTeacher({ model: 'resnet.onnx', preprocess: { layout: 'NCHW' }, outputs: 'logits' });
 */
export async function openTeacher(spec: string | TeacherSpec, base = '.'): Promise<OpenedTeacher> {
  const given = typeof spec === 'string' ? { model: spec } : spec;
  const { model, ...options } = parseOptions(teacherSpecSchema, given, 'teacher');
  const { source, contents } = await open(isModelAddress(model) ? model : path.resolve(base, model), {
    name: path.basename(model),
    ...options,
  });
  const { name = source.name, preprocess, classes, outputs = 'auto', logits, signature } = options;
  const adaptation: TeacherAdaptation = { name, preprocess, classes, outputs };
  const conversions = JSON.stringify({
    preprocess,
    classes,
    outputs: outputs === 'auto' ? undefined : outputs,
    logits,
    signature,
  });
  return {
    ...adaptTeacher(source, adaptation),
    fingerprint: conversions === '{}' ? contents : fingerprint(contents, conversions),
  };
}

interface Opened {
  readonly source: TeacherSource;
  /** Fingerprint of the model by itself. */
  readonly contents: string;
}

type Options = Omit<TeacherSpec, 'model'>;

async function open(place: string, options: Options): Promise<Opened> {
  if (isModelAddress(place)) return openServer(place, options);
  if (/\.onnx$/i.test(place)) {
    const source = await onnxTeacher(place, options);
    return { source, contents: await fileFingerprint(place) };
  }
  if (/\.[cm]?[jt]s$/.test(place))
    return { source: await moduleTeacher(place), contents: await fileFingerprint(place) };
  if (await exists(path.join(place, 'saved_model.pb'))) {
    const source = await savedModelTeacher(place, options);
    return { source, contents: await fileFingerprint(place) };
  }
  return openTensorflowJs(place);
}

async function openServer(url: string, { headers, ...options }: Options): Promise<Opened> {
  const { source, metadata } = await openRemote(url, { ...options, headers: withEnvironment(headers) });
  const { platform, versions, inputs, outputs } = metadata;
  return {
    source,
    contents: fingerprint(source.name, JSON.stringify({ platform, versions, inputs, outputs })),
  };
}

async function openTensorflowJs(place: string): Promise<Opened> {
  if (!(await exists(place)))
    throw new DistillError('DATA', `There is no teacher at ${place}.`, {
      where: 'openTeacher',
      hint: 'Give a TensorFlow.js model, a SavedModel, an .onnx file, a .js module, or the address of a model server.',
    });
  const model = await openModel(place);
  const source = liveTeacher(model, { outputs: 'logits' }); // as it is: the conversion is around it
  const contents = 'layers' in model ? await modelFingerprint(model) : await fileFingerprint(place);
  return { source: { ...source, dispose: () => model.dispose() }, contents };
}
