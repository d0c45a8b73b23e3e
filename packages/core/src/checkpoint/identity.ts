import { type Criterion } from '../criterion/Criterion.js';
import { DistillError, show } from '../errors.js';
import { type Run } from '../Run.js';
import { type Stage } from '../stages/Stage.js';
import { weightsOf } from '../student/Student.js';
import { type State, type StateValue } from './State.js';

/**
 * What a run must have in common with the one that wrote a checkpoint, in order to go on as that would have. The
 * number of epochs may differ.
 */
export function identityOf(run: Run, stages: readonly Stage[]): State {
  return plain({
    student: weightsOf(run.student).map(({ shape, dtype }) => `${dtype}[${shape.join(', ')}]`),
    criteria: stages.map(({ criteria }) => criteria.map(describe)),
    seed: run.seed,
    data: run.facts,
  });
}

/**
 * Refuses a checkpoint of another run, and says what differs.
 *
 * @throws DistillError, e.g. "Expected `data.batchSize` to be 32 as in the checkpoint, got 64."
 */
export function checkSameRun(saved: State, now: State): void {
  const difference = firstDifference(saved, now, []);
  if (difference === undefined) return;
  const [path, then, here] = difference;
  throw new DistillError(
    'OPTION',
    `Expected \`${path}\` to be ${show(then)} as in the checkpoint, got ${show(here)}.`,
    {
      where: 'resume',
      hint: 'Resume with the configuration of the run that wrote the checkpoint, or start anew without `resume`. The checkpoint is as it was.',
    },
  );
}

type Difference = readonly [path: string, saved: StateValue, now: StateValue];

function firstDifference(
  saved: StateValue,
  now: StateValue,
  path: readonly string[],
): Difference | undefined {
  if (!isTree(saved) || !isTree(now)) {
    return Object.is(saved, now) ? undefined : [path.join('.'), saved, now];
  }
  for (const key of new Set([...Object.keys(saved), ...Object.keys(now)])) {
    const difference = firstDifference(saved[key], now[key], [...path, key]);
    if (difference) return difference;
  }
  return undefined;
}

function isTree(value: StateValue): value is State {
  return typeof value === 'object' && value !== null;
}

/** Criteria and schedules say what makes them again; of those that cannot the type has to do. */
function describe(criterion: Criterion & { toJSON?(): unknown }): unknown {
  return criterion.toJSON ? criterion : { type: criterion.type };
}

/** As a checkpoint has it. */
function plain(value: object): State {
  return JSON.parse(JSON.stringify(value)) as State;
}
