import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  DistillError,
  exitsOf,
  expected,
  exportExits,
  type Inputs,
  isLayersModel,
  isTensor,
  messageOf,
  unknownName,
} from '@tfjs-distill/core';
import { compareOutputs, type OutputComparison } from './compareOutputs.js';
import { type ExportFormat } from './ExportFormat.js';
import { layersFormat, predictions } from './layersFormat.js';
import { type CardFacts, modelCard } from './modelCard.js';
import { type Quantization } from './quantizeWeights.js';
import { randomInputs } from './randomInputs.js';
import { savedModelFormat } from './savedModelFormat.js';

export interface ExportOptions {
  /**
   * `layers-model`: model.json and weights of TensorFlow.js. `saved-model`: TensorFlow's, for Python, TensorFlow Serving
   * and the like; needs the native engine. Default `layers-model`.
   */
  readonly format?: ExportFormatName | undefined;
  /** Store weights smaller. Default: as they are, float32. */
  readonly quantize?: Quantization | undefined;
  /** Inputs that exported and given model are compared on; stay yours. Default 16 random ones. */
  readonly sample?: Inputs | undefined;
  /** Largest difference of an output allowed, as a share of the largest output. Default 1e-5; 0.01 for float16, 0.1 for uint8. */
  readonly tolerance?: number | undefined;
  /** Keeps all exits, or those named. Default none. */
  readonly exits?: boolean | readonly string[] | undefined;
  /** What the model card says besides the model itself; `false`: no card. */
  readonly card?: CardFacts | false | undefined;
}

export interface ExportReport {
  readonly directory: string;
  readonly format: ExportFormatName;
  /** Of model and weights on disk. */
  readonly bytes: number;
  readonly quantize: Quantization | 'none';
  /** Exported model against the given one. */
  readonly comparison: OutputComparison;
}

const FORMATS = { 'layers-model': layersFormat, 'saved-model': savedModelFormat } as const;
export type ExportFormatName = keyof typeof FORMATS;

const TOLERANCE = { none: 1e-5, float16: 0.01, uint8: 0.1 } as const;

/**
 * Writes a student for use: the model alone, without teacher, adapters and exits, with a model card.
 *
 * What was written is loaded again and compared with the student before it takes its place; a folder never holds half
 * an export.
 *
 * @param student Stays yours.
 * @param directory Made if it is missing; an earlier export in it is replaced.
 * @throws DistillError `ENGINE` for a SavedModel on any engine but the native one, `DATA` where it cannot be written, `NUMERIC` where the outputs of the exported model differ by
 *   more than `tolerance`: nothing is left behind then.
 *
 * @example
 * const { bytes, comparison } = await exportStudent(student, 'dist/student', { quantize: 'uint8', sample: x });
 * // 24 kB instead of 84, comparison.agreement 0.998
 */
export async function exportStudent(
  student: LayersModel,
  directory: string,
  options: ExportOptions = {},
): Promise<ExportReport> {
  if (!isLayersModel(student))
    throw expected('student', 'a LayersModel', student, { where: 'exportStudent' });
  const { exits = false, sample, format = 'layers-model' } = options;
  if (!(format in FORMATS))
    throw unknownName('format', format, Object.keys(FORMATS), { where: 'exportStudent' });
  const alone = withExits(student, exits);
  const place = path.resolve(directory);
  const draft = await makeDraft(place);
  let inputs: readonly Tensor[] = [];
  try {
    inputs = inputsInOrder(alone, sample ?? randomInputs(alone));
    const report = await written(alone, draft, inputs, options);
    if (options.card !== false)
      await writeFile(path.join(draft, 'README.md'), modelCard(alone, report, options.card));
    for (const file of await readdir(draft)) await rename(path.join(draft, file), path.join(place, file));
    return { directory: place, ...report };
  } finally {
    if (sample === undefined) dispose([...inputs]);
    await rm(draft, { recursive: true, force: true });
  }
}

async function written(
  alone: LayersModel,
  draft: string,
  inputs: readonly Tensor[],
  { format: name = 'layers-model', quantize, tolerance }: ExportOptions,
): Promise<Omit<ExportReport, 'directory'>> {
  const format = FORMATS[name];
  await format.write(alone, draft, { quantize, inputs });
  const bytes = await bytesOf(draft);
  const limit = tolerance ?? TOLERANCE[quantize ?? 'none'];
  const comparison = await compared(alone, draft, { format, inputs, limit });
  return { format: name, bytes, quantize: quantize ?? 'none', comparison };
}

/** The model with the exits that are wanted; its own output comes first. */
function withExits(student: LayersModel, wanted: boolean | readonly string[]): LayersModel {
  if (student.outputs.length === 1) return student;
  const all = exitsOf(student).map(({ name }) => name);
  return exportExits(student, { keep: wanted === true ? all : wanted || [] });
}

async function compared(
  given: LayersModel,
  draft: string,
  { format, inputs, limit }: { format: ExportFormat; inputs: readonly Tensor[]; limit: number },
): Promise<OutputComparison> {
  const theirs = await format.outputs(given, draft, inputs);
  const ours = predictions(given, inputs);
  try {
    const comparison = await compareOutputs(ours, theirs);
    if (comparison.relativeDifference <= limit) return comparison;
    const got = comparison.relativeDifference.toPrecision(2);
    throw new DistillError('NUMERIC', `Expected outputs within ${limit} of the student's, got ${got}.`, {
      where: 'exportStudent',
      hint: 'Nothing was exported. Choose a finer `quantize`, or allow more by `tolerance`.',
    });
  } finally {
    dispose([...theirs, ...ours]);
  }
}

/** One tensor an input, in the model's order. */
function inputsInOrder(model: LayersModel, inputs: Inputs): readonly Tensor[] {
  if (isTensor(inputs)) return [inputs];
  if (Array.isArray(inputs)) return inputs as readonly Tensor[];
  return model.inputNames.map((name) => (inputs as Record<string, Tensor>)[name] as Tensor);
}

/** In the folder itself, so that moving a file is one step of the file system. */
async function makeDraft(place: string): Promise<string> {
  try {
    await mkdir(place, { recursive: true });
    return await mkdtemp(path.join(place, '.export-'));
  } catch (cause) {
    throw new DistillError('DATA', `${place} cannot be written: ${messageOf(cause)}.`, {
      where: 'exportStudent',
      cause,
    });
  }
}

async function bytesOf(directory: string): Promise<number> {
  const sizes = (await readdir(directory)).map((file) => stat(path.join(directory, file)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}
