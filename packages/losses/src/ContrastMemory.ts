import {
  add,
  cast,
  div,
  expandDims,
  gather,
  greater,
  matMul,
  mul,
  notEqual,
  randomUniform,
  randomUniformInt,
  type Rank,
  type Scalar,
  scalar,
  sub,
  sum,
  type Tensor,
  tensor1d,
  type Tensor1D,
  type Tensor2D,
  tensorScatterUpdate,
  tidy,
  variable,
  type Variable,
} from '@tensorflow/tfjs-core';
import { DistillError } from '@tfjs-distill/core';
import { logPartitionOf, noiseContrastiveLoss } from './noiseContrastiveLoss.js';
import { noGrad } from './noGrad.js';
import { unitVectors } from './unitVectors.js';

export interface ContrastMemoryOptions {
  /** Samples of the data set; ids are below it. */
  readonly samples: number;
  /** Length of the embeddings. */
  readonly dimensions: number;
  /** How many remembered samples a batch is contrasted with. Default 16384, as in the paper. */
  readonly negatives?: number;
  /** How much of the old embedding is kept. Default 0.5. */
  readonly momentum?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** One side's embedding of every sample, and the constant that its scores are divided by. */
interface Bank {
  readonly rows: Variable;
  readonly logPartition: Variable;
  /** The constant's data until it is estimated: assigning gives a variable other data. */
  readonly unset: object;
}

interface Draw {
  readonly ids: Tensor1D;
  readonly others: Tensor1D;
  /** 1 for those that are other samples, `[batch, negatives]`. */
  readonly apart: Tensor;
}

/**
 * The embeddings that both models last gave each sample of a data set, to contrast a batch with: noise-contrastive
 * estimation, as in the paper on contrastive representation distillation.
 *
 * `noiseContrastiveLoss` of cosines divided by `τ`, each side against the other's memory. `Z` is estimated on the first
 * batch and stays, without a value being read back.
 *
 * The negatives are drawn once a batch and not once a sample: a matrix product in place of
 * `batch · negatives` gathered rows. They may be of the sample's own class.
 *
 * Holds `2 · samples · dimensions` numbers.
 */
export class ContrastMemory {
  readonly #options: Required<ContrastMemoryOptions>;
  readonly #teacher: Bank;
  readonly #student: Bank;

  constructor({ negatives = 16384, momentum = 0.5, seed = 0, ...options }: ContrastMemoryOptions) {
    this.#options = { negatives, momentum, seed, ...options };
    this.#teacher = bank(options, 2 * seed + 1);
    this.#student = bank(options, 2 * seed + 2);
  }

  /**
   * The loss of a batch, which is remembered afterwards.
   *
   * @param teacher, student Unit vectors `[batch, dimensions]`; both get gradients.
   * @param ids Of the samples, `[batch]`.
   * @param step Of the training: another draw for each.
   * @param weights `[batch]`, ≥ 0; samples of weight 0 are not remembered. Default 1.
   * @returns Scalar; belongs to the caller's `tidy`.
   * @throws DistillError if an id is not of the data set.
   */
  loss(
    [teacher, student]: readonly [Tensor, Tensor],
    ids: Int32Array,
    { temperature, step, weights }: { temperature: number; step: number; weights?: Tensor | undefined },
  ): Scalar {
    checkIds(ids, this.#options.samples);
    return tidy(() => {
      const draw = this.#draw(ids, step);
      const term = add<Scalar>(
        this.#contrast(student, this.#teacher, draw, temperature, weights),
        this.#contrast(teacher, this.#student, draw, temperature, weights),
      );
      this.#remember(this.#teacher, teacher, draw.ids, weights);
      this.#remember(this.#student, student, draw.ids, weights);
      return term;
    });
  }

  /** The banks and their constants: what a checkpoint keeps. */
  get state(): readonly Variable[] {
    return [this.#teacher, this.#student].flatMap(({ rows, logPartition }) => [rows, logPartition]);
  }

  dispose(): void {
    for (const { rows, logPartition } of [this.#teacher, this.#student]) {
      rows.dispose();
      logPartition.dispose();
    }
  }

  #draw(samples: Int32Array, step: number): Draw {
    const { negatives, samples: count, seed } = this.#options;
    const ids = tensor1d(samples, 'int32');
    const others = randomUniformInt<Rank.R1>([negatives], 0, count, `${seed}/${step}`);
    const apart = cast(notEqual(expandDims(ids, 1), expandDims(others, 0)), 'float32');
    return { ids, others, apart };
  }

  /** How well an anchor is told from the other side's memory. */
  #contrast(
    anchor: Tensor,
    { rows, logPartition, unset }: Bank,
    draw: Draw,
    temperature: number,
    weights?: Tensor,
  ): Scalar {
    const [own, others] = [draw.ids, draw.others].map((ids) => noGrad(() => gather(rows, ids)));
    const near = div(sum(mul(anchor, own as Tensor), 1), temperature); // [batch]
    const far = div(matMul(anchor as Tensor2D, others as Tensor2D, false, true), temperature); // [batch, negatives]
    const { samples } = this.#options;
    if (logPartition.dataId === unset) logPartition.assign(logPartitionOf(near, far, samples));
    return noiseContrastiveLoss(near, far, { samples, logPartition, mask: draw.apart, weights });
  }

  #remember({ rows }: Bank, embeddings: Tensor, ids: Tensor1D, weights: Tensor | undefined): void {
    const { momentum } = this.#options;
    const updated = noGrad(() => {
      const old = gather(rows, ids);
      const mixed = unitVectors(add(mul(old, momentum), mul(embeddings, 1 - momentum)));
      const present = weights === undefined ? 1 : cast(greater(expandDims(weights, 1), 0), 'float32');
      const kept = add(old, mul(sub(mixed, old), present));
      return tensorScatterUpdate(rows, expandDims(ids, 1), kept);
    });
    rows.assign(updated);
  }
}

function bank({ samples, dimensions }: ContrastMemoryOptions, seed: number): Bank {
  const limit = Math.sqrt(3 / dimensions); // vectors of about unit length
  const rows = tidy(() =>
    variable(randomUniform([samples, dimensions], -limit, limit, 'float32', seed), false),
  );
  const logPartition = tidy(() => variable(scalar(0), false));
  return { rows, logPartition, unset: logPartition.dataId };
}

function checkIds(ids: Int32Array, samples: number): void {
  const wrong = ids.find((id) => !(id >= 0 && id < samples));
  if (wrong === undefined) return;
  throw new DistillError('DATA', `Expected ids from 0 to ${samples - 1}, got ${wrong}.`, {
    where: 'crd',
    hint: 'Set `memory.samples` to the size of the data set, and number its samples from 0.',
  });
}
