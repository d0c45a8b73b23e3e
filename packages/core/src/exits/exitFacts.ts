import { exp, log, logSoftmax, mean, stack, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Batch } from '../Batch.js';
import { DistillError } from '../errors.js';
import { batchSource, type BatchOptions } from '../loop/batches.js';
import { type Data } from '../loop/Data.js';
import { type Fact, FACTS, sampleFacts } from '../metrics/sampleFacts.js';
import { checkInput } from '../models/checkInput.js';
import { layersModelSignature, TappedLayersModel } from '../models/layersModel.js';
import { someExitsOf } from './Exit.js';
import { exitCosts } from './exitCosts.js';

/** What one classifier said of each labelled sample. */
export interface Answers {
  readonly name: string;
  /** Operations by then, as a share of the model without exits. */
  readonly cost: number;
  /** Whether the highest logit is the label. */
  readonly correct: readonly boolean[];
  /** The highest probability, 0 to 1. */
  readonly confidences: readonly number[];
  /** Cross-entropy, nats. */
  readonly losses: readonly number[];
}

/** What a model with exits said of a data set. Plain numbers. */
export interface ExitFacts {
  readonly samples: number;
  /** Shallow to deep, the deepest classifier last. */
  readonly exits: readonly Answers[];
  /** The mean of all their probabilities. */
  readonly ensemble: Answers;
}

export interface ExitFactsOptions extends Pick<BatchOptions, 'batchSize'> {
  /** Cost of an answer by where it leaves, the deepest last. Default: `exitCosts(model)`. */
  readonly costs?: readonly number[];
}

const WHERE = 'exitFacts';

/**
 * Asks every exit of a model, and their ensemble, about labelled samples, in one forward pass a batch and one read.
 *
 * Unlabelled samples are left out.
 *
 * @throws DistillError if the model has no exits, or there is no label.
 *
 * @example
 * const { exits, ensemble } = await exitFacts(student, { x, y });
 */
export async function exitFacts(
  model: LayersModel,
  data: Data,
  { batchSize = 256, costs = exitCosts(model) }: ExitFactsOptions = {},
): Promise<ExitFacts> {
  const names = someExitsOf(model, WHERE).map(({ name }) => name);
  const columns: Column[][] = [];
  for await (const { batch, free } of batchSource(data, { batchSize }).epoch(0)) {
    try {
      await readBatch(model, names, batch, columns);
    } finally {
      free();
    }
  }
  const [first] = columns;
  if (first === undefined || first.length === 0)
    throw new DistillError('DATA', 'The data set has no labelled samples.', { where: WHERE });
  const deepest = model.outputs[0]?.sourceLayer.name ?? 'output';
  const answers = [...names, deepest, 'ensemble'].map((name, i) =>
    answersOf(name, costs[Math.min(i, names.length)] ?? 1, columns[i] ?? []),
  );
  return { samples: first.length, exits: answers.slice(0, -1), ensemble: answers.at(-1) as Answers };
}

/** The facts of one sample. */
type Column = ArrayLike<number>;

/** Adds the batch's labelled samples to each classifier's columns. */
async function readBatch(
  model: LayersModel,
  names: readonly string[],
  { x, y }: Batch,
  columns: Column[][],
): Promise<void> {
  if (y === undefined) throw new DistillError('DATA', 'A batch has no labels.', { where: WHERE });
  checkInput(x, layersModelSignature(model), `model "${model.name}"`);
  const facts = tidy(() => {
    const { output, features } = new TappedLayersModel(model).forward(x, false, names);
    const logits = [...names.map((name) => features[name] as Tensor), output];
    return stack([...logits, ensembleLogits(logits)].map((one) => sampleFacts(one, y))) as Tensor3D;
  });
  try {
    const [classifiers, samples, width] = facts.shape;
    const values = await facts.data();
    for (let c = 0; c < classifiers; c++) {
      const rows = Array.from({ length: samples }, (_, i) => (c * samples + i) * width);
      const read = rows.map((at) => values.slice(at, at + width)).filter((row) => factOf(row, 'truth') >= 0);
      (columns[c] ??= []).push(...read);
    }
  } finally {
    facts.dispose();
  }
}

/** The logarithm of the mean probabilities. */
function ensembleLogits(logits: readonly Tensor[]): Tensor {
  return log(mean(exp(stack(logits.map((one) => logSoftmax(one)))), 0));
}

function answersOf(name: string, cost: number, columns: readonly Column[]): Answers {
  return {
    name,
    cost,
    correct: columns.map((column) => factOf(column, 'truth') === factOf(column, 'answer')),
    confidences: columns.map((column) => factOf(column, 'confidence')),
    losses: columns.map((column) => factOf(column, 'crossEntropy')),
  };
}

function factOf(column: Column, fact: Fact): number {
  return column[FACTS.indexOf(fact)] ?? NaN;
}
