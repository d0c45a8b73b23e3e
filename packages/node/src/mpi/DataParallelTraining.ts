import { add, getBackend, mul, type NamedTensorMap, type Scalar, type Variable } from '@tensorflow/tfjs-core';
import {
  DistillError,
  type EpochEndContext,
  type EvalContext,
  expected,
  type GradientContext,
  type LossContext,
  messageOf,
  type StepContext,
  type StepEndContext,
  type TrainContext,
  weightsOf,
} from '@tfjs-distill/core';
import { type Collective } from './Collective.js';
import { FlatTensors, sizeOf } from './FlatTensors.js';
import { MovedStatistics } from './MovedStatistics.js';
import { lossOf } from './lossOf.js';
import { RankMeans } from './RankMeans.js';
import { anyRank, meanOverRanks } from './ranksAgree.js';
import { refuseCoupled } from './refuseCoupled.js';
import { shareWeights } from './shareWeights.js';
import { ratio, type StepShare, StepShares } from './StepShares.js';

export interface TrainingOptions {
  /** Whether some samples have no label. */
  readonly unlabelled: boolean;
  /** What this rank's part of the validation samples weighs; 1 where every rank has all of them. */
  readonly validation: number;
  /** Hears once what differs from training on one process. */
  readonly onMessage: (line: string) => void;
  /** Runs while the gradients are on their way. */
  readonly meanwhile: () => void;
}

const WHERE = 'mpi-data-parallel';
/** Where a tensor can be read at once. */
const BACKENDS = ['cpu', 'wasm', 'tensorflow'];

/** One training on several ranks: what each hook does to keep them one. */
export class DataParallelTraining {
  readonly means: RankMeans;
  readonly #ranks: Collective;
  readonly #options: TrainingOptions;
  readonly #shares: StepShares;
  readonly #statistics = new MovedStatistics();
  readonly #flat = new FlatTensors();
  #share: StepShare = { weight: 1, of: 1, labels: 1 };
  /** Weights of the samples since the last update, where another plugin gathers gradients of several steps. */
  #gathered = { weight: 0, of: 0, standIn: false };
  #told = false;

  constructor(ranks: Collective, options: TrainingOptions) {
    this.#ranks = ranks;
    this.#options = options;
    this.means = new RankMeans(ranks);
    this.#shares = new StepShares(ranks, options.unlabelled);
  }

  async begin(ctx: TrainContext): Promise<void> {
    const backend = getBackend();
    if (!BACKENDS.includes(backend))
      throw expected('engine', `one of ${BACKENDS.join(', ')}`, backend, { where: WHERE });
    refuseCoupled(ctx.criteria);
    this.#shares.begin();
    this.#forget();
    const adapters = ctx.criteria.flatMap(({ variables = [] }) => variables);
    await shareWeights(this.#ranks, [...new Set([...weightsOf(ctx.student), ...adapters])]);
    this.agreeOnStop(ctx);
  }

  async beginStep(ctx: StepContext): Promise<void> {
    this.#share = await this.#shares.of(ctx);
    if (this.#share.labels !== ratio(this.#share.weight, this.#share.of)) refuseLabelled(ctx);
    this.#statistics.note(ctx.student);
  }

  /**
   * The task's loss is the mean over the samples with a label, of which this rank may have more or fewer than its part
   * of all samples: `loss + (f − 1) · claim · task`, `f` its part of the labels ÷ its part of the samples.
   */
  correctTask(loss: Scalar, { terms }: LossContext): Scalar | undefined {
    const { weight, of, labels } = this.#share;
    const task = terms.find(({ name }) => name === 'task');
    if (task === undefined || task.weight === 0 || weight === 0) return undefined;
    const excess = (labels * of) / weight - 1;
    return excess === 0 ? undefined : add(loss, mul<Scalar>(task.value, excess * task.weight));
  }

  /** Means over the ranks of gradients and of running statistics, by one reduction. */
  reduce(grads: NamedTensorMap): NamedTensorMap | undefined {
    const { weight, of } = this.#gather();
    const [names, mine] = [Object.keys(grads), Object.values(grads)];
    const statistics = this.#statistics.moved;
    if (statistics.length > 0) this.#tellOfBatchNorm();
    if (mine.length + statistics.length === 0) return undefined;
    const { share } = this;
    const numbers = this.#flat.pack([
      { tensors: mine, factor: ratio(weight, of) },
      { tensors: statistics, factor: share },
    ]);
    this.#ranks.allReduceSum(numbers, this.#options.meanwhile);
    this.#assign(statistics, sizeOf(mine));
    if (mine.length === 0) return undefined;
    this.#forget();
    const means = this.#flat.unpack(mine);
    return Object.fromEntries(names.map((name, i) => [name, means[i] as (typeof means)[number]]));
  }

  async endStep(ctx: StepEndContext): Promise<void> {
    const { loss, parts, stopReason } = ctx;
    const shareOf = (name: string) => (name === 'task' ? this.#share.labels : this.share);
    const stops = await this.means.add({ loss, ...parts }, shareOf, stopReason !== undefined);
    if (stops) ctx.stop(ELSEWHERE);
    // what is logged earlier would stand in a checkpoint within the epoch, and one process alone would not replace it
    else if (ctx.step + 1 === (ctx.stepsPerEpoch ?? ctx.step + 1))
      for (const [name, mean] of this.means.means) ctx.log(name, mean);
  }

  averageMetrics({ metrics }: EvalContext): void {
    Object.assign(metrics, meanOverRanks(this.#ranks, metrics, this.#options.validation));
  }

  /** Whoever asks to stop, all ranks do. */
  agreeOnStop({ stopReason, stop }: TrainContext | EpochEndContext): void {
    if (anyRank(this.#ranks, stopReason !== undefined)) stop(ELSEWHERE);
  }

  /** Tells the others of an error of this rank's own. */
  fail(error: unknown): void {
    if (lossOf(error) === undefined) this.#ranks.abort(messageOf(error));
  }

  /** This rank's part of the step's samples, 0 to 1. */
  private get share(): number {
    return ratio(this.#share.weight, this.#share.of);
  }

  #gather(): { weight: number; of: number } {
    const { weight, of } = this.#share;
    const before = this.#gathered;
    const standIn = before.standIn || weight === 0;
    this.#gathered = { weight: before.weight + weight, of: before.of + of, standIn };
    if (standIn && before.of > 0)
      throw new DistillError(
        'DATA',
        'A batch has fewer samples than there are ranks, and gradients are gathered.',
        {
          where: WHERE,
          hint: 'Take a batch size that divides the samples, or fewer ranks.',
        },
      );
    return this.#gathered;
  }

  #forget(): void {
    this.#gathered = { weight: 0, of: 0, standIn: false };
  }

  #assign(statistics: readonly Variable[], at: number): void {
    this.#flat.unpack(statistics, at).forEach((mean, i) => statistics[i]?.assign(mean));
  }

  #tellOfBatchNorm(): void {
    if (this.#told) return;
    this.#told = true;
    if (this.#ranks.rank !== 0) return;
    this.#options.onMessage(
      `Batch norm normalizes by each rank's part of a batch, 1/${this.#ranks.size} of it; running statistics are averaged over the ranks.`,
    );
  }
}

const ELSEWHERE = 'another rank asked to stop';

function refuseLabelled({ criteria }: GradientContext): void {
  const labelled = criteria.find(({ requires }) => requires?.labels);
  if (labelled === undefined) return;
  throw new DistillError(
    'DATA',
    `Criterion "${labelled.type}" averages over the samples with a label, and each rank has another number of them.`,
    { where: WHERE, hint: 'Train on one process, or on labelled samples alone.' },
  );
}
