import { type Optimizer } from '@tensorflow/tfjs-core';
import { checkCriteria } from '../checks.js';
import { type Criterion, type PrepareContext } from '../criterion/Criterion.js';
import { type CriterionLike } from '../criterion/resolveCriteria.js';
import { expected } from '../errors.js';
import { freshOptimizer } from './freshOptimizer.js';
import { Stage } from './Stage.js';
import { type StageOptions } from './StageOptions.js';
import { type TrainedSet, trainedVariables } from './trainedVariables.js';

export interface StagePlan {
  /** Criteria of a training in one stage. */
  readonly criteria: () => readonly Criterion[];
  readonly stages: readonly StageOptions[] | undefined;
  readonly optimizer: Optimizer | undefined;
  readonly resolve: (criterion: CriterionLike | readonly CriterionLike[]) => readonly Criterion[];
}

interface Draft {
  readonly criteria: readonly Criterion[];
  readonly epochs?: number;
  readonly train: TrainedSet;
  readonly optimizer: Optimizer | undefined;
  readonly where: string;
}

/**
 * Builds all stages of a training and checks them, so that a fault of the last one shows before the
 * first one runs.
 */
export function buildStages(plan: StagePlan, context: PrepareContext): readonly Stage[] {
  const drafts = draftsOf(plan);
  for (const { criteria } of drafts) checkCriteria(criteria, context.student, context.teacher);
  const prepared: Criterion[] = [];
  try {
    for (const criterion of new Set(drafts.flatMap(({ criteria }) => criteria))) {
      prepared.push(criterion);
      criterion.prepare?.(context);
    }
    return drafts.map(({ criteria, epochs, train, optimizer, where }) => {
      const trained = trainedVariables(train, context.student, criteria, where);
      return new Stage({ criteria, epochs, optimizer, trained });
    });
  } catch (error) {
    for (const criterion of prepared) criterion.dispose?.(); // also those before the one that failed
    throw error;
  }
}

function draftsOf({ criteria, stages, optimizer, resolve }: StagePlan): readonly Draft[] {
  if (stages === undefined) {
    return [{ criteria: criteria(), train: 'all', optimizer, where: 'prepareCompression' }];
  }
  const first = stages.findIndex(({ optimizer: own }) => own === undefined);
  if (optimizer !== undefined && first < 0) {
    throw expected('optimizer', 'left out where every stage has its own', optimizer, {
      where: 'prepareCompression',
    });
  }
  return stages.map(({ epochs, criterion, train = 'all', optimizer: own }, i) => {
    const where = `stage ${i + 1}`;
    const inherited = optimizer && !own && i !== first ? freshOptimizer(optimizer, where) : optimizer;
    return { criteria: resolve(criterion), epochs, train, optimizer: own ?? inherited, where };
  });
}
