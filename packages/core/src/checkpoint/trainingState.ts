import { type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { type Criterion } from '../criterion/Criterion.js';
import { DistillError } from '../errors.js';
import { type Plugin } from '../hooks/Plugin.js';
import { type Run } from '../Run.js';
import { type Stage } from '../stages/Stage.js';
import { weightsOf } from '../student/Student.js';
import { checkSameRun, identityOf } from './identity.js';
import { optimizerState, restoreOptimizer, settingsOf } from './optimizerState.js';
import { type State } from './State.js';

/** Where a training goes on: `step` steps of epoch `epoch` are done. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
}

/** The parts of a manager whose state makes up a training. */
export interface TrainingParts {
  readonly run: Run;
  readonly criteria: readonly Criterion[];
  readonly stages: readonly Stage[];
  readonly plugins: readonly Plugin[];
}

/**
 * Everything that a training has changed so far.
 *
 * @param epochEnded Whether the running epoch is over.
 * @returns Its tensors are those of the parts: share them before a step changes them.
 */
export function trainingState({ run, criteria, stages, plugins }: TrainingParts, epochEnded: boolean): State {
  const { epoch, step, globalStep, history, means, logs } = run;
  const position = epochEnded ? { epoch: epoch + 1, step: 0 } : { epoch, step: step + 1 };
  return {
    position: { ...position, globalStep },
    identity: identityOf(run, stages),
    history: [...history],
    ...(!epochEnded && { means: means.state, logs: { ...logs } }),
    student: named(weightsOf(run.student)),
    criteria: criteria.map(({ variables = [], state = [] }) => ({
      variables: [...variables],
      state: [...state],
    })),
    optimizers: stages.map((stage) => (stage.hasOptimizer ? optimizerState(stage.optimizer) : null)),
    plugins: Object.fromEntries(
      plugins.flatMap((plugin) => (plugin.state ? [[plugin.name, plugin.state()]] : [])),
    ),
  };
}

/** Where a state was taken. */
export function positionOf(state: State): Position {
  const { epoch, step } = state['position'] as unknown as Position;
  return { epoch, step };
}

/**
 * Puts a training back to where a state was taken. The state's tensors stay the caller's.
 *
 * @throws DistillError if the state is of another training; then nothing has been changed.
 */
export async function restoreTraining(
  { run, criteria, stages, plugins }: TrainingParts,
  state: State,
): Promise<void> {
  checkSameRun(state['identity'] as State, identityOf(run, stages));
  const optimizers = state['optimizers'] as readonly (State | null)[];
  for (const [i, saved] of optimizers.entries()) {
    const stage = stages[i];
    if (saved && stage)
      checkSameRun({ optimizer: saved['settings'] }, { optimizer: settingsOf(stage.optimizer) });
  }
  const saved = state['criteria'] as readonly { readonly variables: Tensor[]; readonly state: Tensor[] }[];
  assignAll(
    weightsOf(run.student),
    Object.values(state['student'] as Readonly<Record<string, Tensor>>),
    'student',
  );
  for (const [i, { type, variables = [], state: own = [] }] of criteria.entries()) {
    assignAll(variables, saved[i]?.variables ?? [], type);
    await assignChanged(own, saved[i]?.state ?? []);
  }
  for (const [i, slots] of optimizers.entries()) {
    const stage = stages[i];
    if (slots && stage) restoreOptimizer(stage.optimizer, slots);
  }
  restoreRun(run, state);
  for (const plugin of plugins) {
    const own = (state['plugins'] as Readonly<Record<string, State>>)[plugin.name];
    if (own !== undefined) plugin.restore?.(own, run);
  }
}

function restoreRun(run: Run, state: State): void {
  const { epoch, step, globalStep } = state['position'] as unknown as Position & {
    readonly globalStep: number;
  };
  run.globalStep = globalStep;
  run.history = (state['history'] as unknown as Run['history']).map((row) => ({ ...row }));
  if (step === 0) {
    run.epoch = epoch - 1;
    return;
  }
  run.step = step - 1;
  run.logs = { ...(state['logs'] as unknown as Run['logs']) };
  run.means.restore(state['means'] as State);
}

/** Names are for the reader: other processes may count layers in another way, so the order decides. */
function named(variables: readonly Variable[]): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(variables.map((variable, i) => [`${i}/${variable.name}`, variable]));
}

function assignAll(variables: readonly Variable[], values: readonly Tensor[], where: string): void {
  if (
    variables.length !== values.length ||
    variables.some(({ shape }, i) => shape.join() !== values[i]?.shape.join())
  ) {
    throw new DistillError('DATA', `The checkpoint holds other variables than "${where}" has.`, {
      where: 'resume',
      hint: 'Build the models and criteria as in the run that wrote it.',
    });
  }
  variables.forEach((variable, i) => variable.assign(values[i] as Tensor));
}

/** Variables that were never assigned to stay so: a criterion may tell by that. */
async function assignChanged(variables: readonly Variable[], values: readonly Tensor[]): Promise<void> {
  for (const [i, variable] of variables.entries()) {
    const value = values[i] as Tensor;
    const [now, then] = await Promise.all([variable.data(), value.data()]);
    if (now.some((number, k) => !Object.is(number, then[k]))) variable.assign(value);
  }
}
