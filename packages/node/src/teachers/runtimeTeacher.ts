import { tensor, type Tensor } from '@tensorflow/tfjs-core';
import {
  type Batch,
  DistillError,
  expected,
  messageOf,
  type ModelSignature,
  teacherInput,
  type TeacherSource,
  unknownName,
} from '@tfjs-distill/core';
import pLimit from 'p-limit';
import { checkAnswer } from './checkAnswer.js';
import { type ModelPort, type ModelRuntime, type PortValues } from './ModelRuntime.js';
import { joined, type Piece, pieceOf, piecesOf } from './pieces.js';
import { readInputs } from './readInputs.js';

export interface RuntimeTeacherOptions {
  readonly name: string;
  /** Which output holds the logits or probabilities. Default: the only one, or the one called `logits`. */
  readonly logits?: string | undefined;
  /** Samples that the model is asked for at once. Default: the whole batch. */
  readonly batchSize?: number | undefined;
  /** Requests under way at once; of one batch, where the runtime bounds them over all by itself. Default 1. */
  readonly concurrency?: number | undefined;
}

/**
 * A teacher of a model that something outside of TensorFlow.js runs. Outputs other than the logits are features.
 *
 * A model of a fixed batch is asked piece by piece, the last one filled up. Answers are checked: every output there,
 * one row a sample.
 *
 * @throws DistillError if it cannot be told which output has the logits.
 */
export function runtimeTeacher(runtime: ModelRuntime, options: RuntimeTeacherOptions): TeacherSource {
  const { name, batchSize, concurrency = 1 } = options;
  const logits = logitsPort(runtime, options.logits).name;
  const fixed = runtime.inputs[0]?.shape?.[0] ?? undefined;
  const shared = pLimit(concurrency);
  return {
    name,
    signature: signatureOf(runtime, logits),
    async outputs(batch, taps = []) {
      const wanted = [logits, ...taps];
      for (const tap of taps) knownOutput(runtime, tap);
      const inputs = await readInputs(teacherInput(batch), runtime);
      const samples = inputs[0]?.shape[0] ?? 0;
      const pieces = piecesOf(samples, fixed ?? batchSize ?? samples);
      const limit = runtime.bounded ? pLimit(concurrency) : shared;
      let failed = false;
      const ask = async (piece: Piece) => {
        if (failed) return []; // the batch is lost: spare the model the rest
        try {
          return await askPiece(runtime, { inputs, piece, fixed, wanted });
        } catch (cause) {
          failed = true;
          throw failure(runtime, batch, piece, cause);
        }
      };
      const answers = await Promise.all(pieces.map((piece) => limit(ask, piece)));
      const [first, ...features] = wanted.map((_, i) =>
        toTensor(answers.map((parts) => parts[i] as PortValues)),
      );
      return {
        logits: first as Tensor,
        features: Object.fromEntries(taps.map((tap, i) => [tap, features[i] as Tensor])),
      };
    },
    dispose: () => runtime.dispose?.(),
  };
}

interface Question {
  readonly inputs: readonly PortValues[];
  readonly piece: Piece;
  readonly fixed: number | undefined;
  readonly wanted: readonly string[];
}

async function askPiece(runtime: ModelRuntime, { inputs, piece, fixed, wanted }: Question) {
  const asked = inputs.map((input) => pieceOf(input, piece, fixed));
  const answer = await runtime.run(asked, wanted);
  return checkAnswer(answer, wanted, piece.end - piece.start, asked[0]?.shape[0] ?? 0);
}

function toTensor(parts: readonly PortValues[]): Tensor {
  const { values, shape } = joined(parts);
  return tensor(values, [...shape], 'float32');
}

/** Says what failed on which samples; ids are what a data set names them by. */
function failure(
  { description }: ModelRuntime,
  { ids }: Batch,
  { start, end }: Piece,
  cause: unknown,
): DistillError {
  const names = ids?.subarray(start, end) ?? [];
  const range = names.length > 0 ? `, ids ${names.at(0)} to ${names.at(-1)}` : '';
  const message = `${description}, batch of ${end - start} samples${range}: ${messageOf(cause)}`;
  return new DistillError(cause instanceof DistillError ? cause.code : 'TEACHER', message, { cause });
}

function logitsPort({ description, outputs }: ModelRuntime, wanted: string | undefined): ModelPort {
  const names = outputs.map(({ name }) => name);
  if (wanted !== undefined) return knownOutput({ description, outputs }, wanted);
  const [only, second] = outputs;
  const found = second === undefined ? only : outputs.find(({ name }) => name === 'logits');
  if (found !== undefined) return found;
  throw expected('logits', `the name of an output: ${names.join(', ') || 'the model tells none'}`, wanted, {
    where: description,
  });
}

function knownOutput(
  { description, outputs }: Pick<ModelRuntime, 'description' | 'outputs'>,
  name: string,
): ModelPort {
  const found = outputs.find((output) => output.name === name);
  if (found !== undefined) return found;
  if (outputs.length === 0) return { name, datatype: 'FP32' }; // a server that tells nothing: it will complain
  throw unknownName(
    'output',
    name,
    outputs.map((output) => output.name),
    { where: description },
  );
}

function signatureOf({ inputs, outputs }: ModelRuntime, logits: string): ModelSignature {
  const free = (shape: ModelPort['shape']) => shape && [null, ...shape.slice(1)];
  const shapes = inputs.map(({ shape }) => free(shape));
  const output = free(outputs.find(({ name }) => name === logits)?.shape);
  const features = outputs.filter(({ name }) => name !== logits);
  const known = features.every(({ shape }) => shape !== undefined) && outputs.length > 0;
  return {
    ...(shapes.every((shape) => shape !== undefined) && shapes.length > 0 && { inputs: shapes }),
    ...(output && { output }),
    ...(known && {
      features: Object.fromEntries(features.map(({ name, shape }) => [name, free(shape) ?? []])),
    }),
  };
}
