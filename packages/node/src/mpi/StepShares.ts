import { type Batch, DistillError, inputTensors, type StepContext } from '@tfjs-distill/core';
import { type Collective } from './Collective.js';
import { type PartBatch } from '../data/partOf.js';

/** How much of a step is this rank's. */
export interface StepShare {
  /** What its samples weigh; 0 for a stand-in. */
  readonly weight: number;
  /** What the samples of all ranks weigh. */
  readonly of: number;
  /** Its part of the samples with a label, 0 to 1. */
  readonly labels: number;
}

/** Finds out how much of each step is this rank's. */
export class StepShares {
  readonly #ranks: Collective;
  readonly #unlabelled: boolean;
  #first = true;

  /** @param unlabelled Whether some samples may have no label: then the ranks count them at every step. */
  constructor(ranks: Collective, unlabelled: boolean) {
    this.#ranks = ranks;
    this.#unlabelled = unlabelled;
  }

  begin(): void {
    this.#first = true;
  }

  /**
   * @throws DistillError `DATA` if all ranks have the same samples, or some have no label and nobody said so.
   */
  async of({ batch, student }: Pick<StepContext, 'batch' | 'student'>): Promise<StepShare> {
    const { share } = batch as Partial<PartBatch>;
    const labels = await labelledWeight(batch, student.signature.output?.length ?? 2);
    const first = this.#first;
    this.#first = false;
    if (share !== undefined && !this.#unlabelled) {
      if (labels.missing) throw unlabelledSamples();
      return { ...share, labels: ratio(share.weight, share.of) };
    }
    const weight = share?.weight ?? labels.samples;
    const numbers = this.#counted(weight, weight === 0 ? 0 : labels.labelled, first ? batch.ids : undefined);
    if (labels.missing && !this.#unlabelled) throw unlabelledSamples();
    if (share === undefined && first && this.#areAlike(numbers)) throw sameSamples();
    const [of = 0, labelled = 0] = numbers;
    return { weight, of, labels: weight === 0 ? 0 : ratio(labels.labelled, labelled) };
  }

  /** Weight and labelled weight of all ranks' samples, then a number for each rank's ids; 0 without ids. */
  #counted(weight: number, labelled: number, ids: Int32Array | undefined): Float32Array {
    const { rank, size } = this.#ranks;
    const numbers = new Float32Array(2 + size);
    numbers[0] = weight;
    numbers[1] = labelled;
    if (ids) numbers[2 + rank] = 1 + (ids.reduce((hash, id) => Math.imul(hash, 31) + id, 7) & 0x3fffff);
    this.#ranks.allReduceSum(numbers);
    return numbers;
  }

  #areAlike([, , one = 0, ...others]: Float32Array): boolean {
    return one !== 0 && others.every((other) => other === one);
  }
}

interface Labelled {
  /** Weight of all samples. */
  readonly samples: number;
  /** Weight of the positions with a label. */
  readonly labelled: number;
  /** Whether some have none. */
  readonly missing: boolean;
}

/** @param outputRank Dimensions of the logits: labels of as many are distributions. */
async function labelledWeight({ x, y, weights }: Batch, outputRank: number): Promise<Labelled> {
  const [own, labels] = await Promise.all([weights?.data<'float32'>(), y?.data<'float32'>()]);
  const samples = own ? sum(own) : (inputTensors(x)[0]?.shape[0] ?? 0);
  if (labels === undefined || y === undefined) return { samples, labelled: samples, missing: false };
  const isDistribution = y.rank >= outputRank;
  const each = isDistribution ? (y.shape.at(-1) ?? 1) : 1;
  let labelled = 0;
  let missing = false;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    const mass = isDistribution ? label : Number(label >= 0);
    missing ||= label < 0 && !isDistribution;
    labelled += mass * (own?.[Math.floor(i / each)] ?? 1);
  }
  return { samples, labelled, missing };
}

const sum = (numbers: Float32Array): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};

/** 0 of nothing. */
export const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function unlabelledSamples(): DistillError {
  return new DistillError('DATA', 'Some samples have no label, and each rank has another number of them.', {
    where: 'mpi-data-parallel',
    hint: 'Set `unlabelled: true`: the ranks then count labels at every step, and the mean stays that of the whole batch.',
  });
}

function sameSamples(): DistillError {
  return new DistillError('DATA', 'All ranks train on the same samples.', {
    where: 'mpi-data-parallel',
    hint: "Give each rank its part: partOf(data, worldCollective()) of '@tfjs-distill/node/mpi'. `fit` does it by itself.",
  });
}
