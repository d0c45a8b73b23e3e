import { type Optimizer } from '@tensorflow/tfjs-core';
import { type Criterion } from '../criterion/Criterion.js';
import { type Stage } from './Stage.js';
import { stageAt } from './stageAt.js';

/** All stages of a training, in order; at least one. */
export class Stages {
  readonly #stages: readonly Stage[];
  readonly #lengths: readonly number[];
  #inUse = false;

  constructor(stages: readonly Stage[]) {
    this.#stages = stages;
    this.#lengths = stages.map(({ epochs = Infinity }) => epochs);
  }

  get all(): readonly Stage[] {
    return this.#stages;
  }

  get count(): number {
    return this.#stages.length;
  }

  /** Epochs of all stages together; `undefined` if one has no end. */
  get epochs(): number | undefined {
    const sum = this.#lengths.reduce((total, length) => total + length, 0);
    return Number.isFinite(sum) ? sum : undefined;
  }

  /** Criteria of all stages, each once. */
  get criteria(): readonly Criterion[] {
    return [...new Set(this.#stages.flatMap(({ criteria }) => criteria))];
  }

  /** Place of an epoch's stage, from 0; before the first epoch it is the first. */
  indexAt(epoch: number): number {
    return stageAt(this.#lengths, epoch);
  }

  at(epoch: number): Stage {
    return this.#stages[this.indexAt(epoch)] as Stage;
  }

  /** The optimizer of an epoch's stage; from now on the training uses the manager's. */
  optimizerAt(epoch: number): Optimizer {
    this.#inUse = true;
    return this.at(epoch).optimizer;
  }

  /** The same for those who only look: `undefined` in a loop that keeps its own and gave none. */
  optimizerInUse(epoch: number): Optimizer | undefined {
    const stage = this.at(epoch);
    return this.#inUse || stage.hasOptimizer ? stage.optimizer : undefined;
  }

  /** What frees the optimizers, one action for each. */
  get disposals(): (() => void)[] {
    return this.#stages.map((stage) => () => stage.dispose());
  }
}
