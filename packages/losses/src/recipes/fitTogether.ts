import {
  batchSource,
  type BatchOptions,
  type CompressionManager,
  type Data,
  expected,
  type History,
} from '@tfjs-distill/core';

export interface FitTogetherOptions extends BatchOptions {
  /** Passes over the data, ≥ 1. Default 1. */
  readonly epochs?: number;
  /** Samples that every student is evaluated on at the end of each epoch. */
  readonly validation?: Data;
}

/**
 * Trains several students side by side on the same batches: a step of the first, a step of the second, ….
 * Every hook of every manager fires; who learns from whom is up to their teachers.
 *
 * @param managers One for each student. Stay yours.
 * @param data As for `fit`.
 * @returns A history for each student. Training ends early once every manager was asked to stop.
 * @throws DistillError if there is no manager; whatever a step throws is told to all managers, then goes on.
 *
 * @example
 * const [a, b] = await fitTogether([managerOfA, managerOfB], { x, y }, { epochs: 3 });
 */
export async function fitTogether(
  managers: readonly CompressionManager[],
  data: Data,
  options: FitTogetherOptions = {},
): Promise<History[]> {
  const { epochs = 1, shuffle = true } = options;
  if (managers.length === 0)
    throw expected('managers', 'a list of one or more managers', managers, { where: 'fitTogether' });
  if (!(Number.isInteger(epochs) && epochs > 0))
    throw expected('epochs', 'a whole number above 0', epochs, { where: 'fitTogether' });
  const source = batchSource(data, { ...options, shuffle });
  const plan = { epochs, ...(source.steps !== undefined && { stepsPerEpoch: source.steps }) };
  try {
    for (const manager of managers) await manager.onTrainBegin(plan);
    for (let epoch = 0; epoch < epochs && learning(managers).length > 0; epoch++)
      await epochTogether(learning(managers), source.epoch(epoch), epoch, options);
    return await inTurn(managers, (manager) => manager.onTrainEnd());
  } catch (error) {
    for (const manager of managers) await manager.onError(error);
    throw error;
  }
}

type Batches = ReturnType<ReturnType<typeof batchSource>['epoch']>;

async function epochTogether(
  managers: readonly CompressionManager[],
  batches: Batches,
  epoch: number,
  { validation, batchSize }: FitTogetherOptions,
): Promise<void> {
  await inTurn(managers, (manager) => manager.onEpochBegin(epoch));
  for await (const { batch, free } of batches) {
    try {
      await inTurn(learning(managers), (manager) => manager.trainStep(batch));
    } finally {
      free();
    }
    if (learning(managers).length === 0) break;
  }
  await inTurn(managers, async (manager) => {
    if (validation !== undefined)
      await manager.evaluateEpoch(validation, batchSize === undefined ? {} : { batchSize });
    await manager.onEpochEnd();
  });
}

const learning = (managers: readonly CompressionManager[]) =>
  managers.filter(({ stopReason }) => stopReason === undefined);

async function inTurn<T>(
  managers: readonly CompressionManager[],
  action: (manager: CompressionManager) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const manager of managers) results.push(await action(manager));
  return results;
}
