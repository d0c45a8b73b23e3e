import { dispose, gather, tensor1d, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { type Batch, type Inputs, inputTensors, isTensor, teacherInput } from '../Batch.js';
import { expected, shapeMismatch } from '../errors.js';
import { type ModelSignature, type Shape } from '../models/ModelSignature.js';
import { shareTensor } from '../shareTensor.js';
import { classColumns } from './classOrder.js';
import { isProbabilities } from './isProbabilities.js';
import { logProbabilities } from './logProbabilities.js';
import { preprocess } from './preprocess.js';
import { type TeacherAdaptation } from './TeacherEntry.js';
import { outputTensors, type TeacherOutputs, type TeacherSource } from './TeacherSource.js';

const where = 'teacher';

/**
 * A teacher that sees its own view of every batch and answers in the student's terms: input converted
 * before it, probabilities turned to logits and classes reordered behind it. Features of a teacher that takes
 * `NCHW` come as `NHWC`.
 *
 * @param source Taken over: disposing the result disposes it.
 * @returns The source itself where nothing is to be converted.
 * @throws DistillError for class numbers that the teacher does not have.
 *
 * @example
 * adaptTeacher(onnx, { preprocess: { layout: 'NCHW', scale: 1 / 255 }, outputs: 'probabilities' });
 */
export function adaptTeacher(source: TeacherSource, adaptation: TeacherAdaptation): TeacherSource {
  const { name = source.name, classes, outputs: kind = 'logits', ...view } = adaptation;
  const columns = classes && checkedColumns(classColumns(classes), source.signature);
  const convertsInput = view.input !== undefined || view.preprocess !== undefined;
  if (!convertsInput && columns === undefined && kind === 'logits')
    return name === source.name ? source : renamed(source, name);
  const channelsFirst = view.preprocess?.layout === 'NCHW';
  let outputs = kind;
  return {
    ...renamed(source, name),
    immediate: false, // it converts asynchronously
    // whoever converts the input asks with another batch than the one announced
    ...(convertsInput && { prefetch: () => undefined }),
    signature: adaptedSignature(source.signature, { columns, channelsFirst, convertsInput }),
    async outputs(batch, taps) {
      const said = convertsInput
        ? await seeing(viewOf(batch, view), batch, (theirs) => source.outputs(theirs, taps))
        : await source.outputs(batch, taps);
      if (outputs === 'auto') outputs = await settled(said);
      return converted(said, { columns, channelsFirst, fromProbabilities: outputs === 'probabilities' });
    },
  };
}

function renamed(source: TeacherSource, name: string): TeacherSource {
  return {
    name,
    signature: source.signature,
    ...(source.members && { members: source.members }),
    ...(source.immediate && { immediate: true }),
    outputs: (batch, taps) => source.outputs(batch, taps),
    ...(source.prefetch && { prefetch: (batch, taps) => source.prefetch?.(batch, taps) }),
    dispose: () => source.dispose?.(),
  };
}

type View = Pick<TeacherAdaptation, 'input' | 'preprocess'>;

function viewOf(batch: Batch, { input, preprocess: options }: View): Inputs {
  const look = (): Inputs => {
    const x: unknown = input === undefined ? teacherInput(batch) : input(batch);
    if (x instanceof Promise)
      throw expected('input', 'a function that returns tensors', 'a promise', { where });
    return options === undefined ? (x as Inputs) : preprocess(onlyTensor(x as Inputs), options);
  };
  return tidy(look as () => Tensor);
}

function onlyTensor(x: Inputs): Tensor {
  const [first, second] = inputTensors(x);
  if (isTensor(x) || (first !== undefined && second === undefined)) return first as Tensor;
  throw expected('preprocess', 'left out where a model has several inputs', 'both', {
    where,
    hint: 'Convert them in `input: (batch) => […]`.',
  });
}

/** Shows the teacher a view, and frees of it what is not the batch's own. */
async function seeing<T>(x: Inputs, batch: Batch, look: (batch: Batch) => T | Promise<T>): Promise<T> {
  const owned = new Set(Object.values(batch).flatMap((part) => tensorsIn(part)));
  try {
    const { teacherX: _, ...rest } = batch;
    return await look({ ...rest, x });
  } finally {
    for (const tensor of inputTensors(x)) if (!owned.has(tensor)) tensor.dispose();
  }
}

function tensorsIn(part: unknown): readonly Tensor[] {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return [];
  return inputTensors(part as Inputs).filter(isTensor);
}

async function settled(said: TeacherOutputs): Promise<'logits' | 'probabilities'> {
  try {
    return (await isProbabilities(said.logits)) ? 'probabilities' : 'logits';
  } catch (error) {
    dispose(outputTensors(said));
    throw error;
  }
}

interface Conversion {
  readonly columns: readonly number[] | undefined;
  readonly channelsFirst: boolean;
}

function converted(
  said: TeacherOutputs,
  { columns, channelsFirst, fromProbabilities }: Conversion & { readonly fromProbabilities: boolean },
): TeacherOutputs {
  const { logits, features } = said;
  const turned = (feature: Tensor) =>
    channelsFirst && feature.rank === 4 ? transpose(feature, [0, 2, 3, 1]) : shareTensor(feature);
  try {
    return tidy(() => {
      const unscaled = fromProbabilities ? logProbabilities(logits) : logits;
      const ordered = columns === undefined ? unscaled : inOrder(unscaled, columns);
      return {
        logits: ordered === logits ? shareTensor(logits) : ordered,
        features: mapValues(features, turned),
      };
    });
  } finally {
    dispose(outputTensors(said));
  }
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}

function inOrder(logits: Tensor, columns: readonly number[]): Tensor {
  const classes = logits.shape.at(-1) ?? 0;
  if (Math.max(...columns) >= classes) throw tooFew(columns, classes);
  const index = tensor1d([...columns], 'int32');
  return gather(logits, index, logits.rank - 1);
}

function checkedColumns(columns: readonly number[], { output }: ModelSignature): readonly number[] {
  const classes = output?.at(-1);
  if (typeof classes === 'number' && Math.max(...columns) >= classes) throw tooFew(columns, classes);
  return columns;
}

function tooFew(columns: readonly number[], classes: number) {
  return shapeMismatch('a teacher that has all of `classes`', {
    'teacher output': [classes],
    'highest class': [Math.max(...columns)],
  });
}

function adaptedSignature(
  { inputs, output, features }: ModelSignature,
  { columns, channelsFirst, convertsInput }: Conversion & { readonly convertsInput: boolean },
): ModelSignature {
  const last = columns === undefined ? [] : [columns.length];
  const turned = (shape: Shape): Shape =>
    channelsFirst && shape.length === 4
      ? [shape[0] ?? null, shape[2] ?? null, shape[3] ?? null, shape[1] ?? null]
      : shape;
  return {
    ...(inputs && !convertsInput && { inputs }),
    ...(output && { output: columns === undefined ? output : [...output.slice(0, -1), ...last] }),
    ...(features && {
      features: mapValues(features, turned),
    }),
  };
}
