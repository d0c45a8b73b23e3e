/**
 * Runs every action, whatever the others do.
 *
 * @throws AggregateError with all that went wrong.
 */
export function disposeAll(actions: readonly (() => void)[]): void {
  const failures = actions.flatMap((action) => failureOf(action));
  if (failures.length > 0) throw new AggregateError(failures, 'Some parts could not be disposed.');
}

function failureOf(action: () => void): unknown[] {
  try {
    action();
    return [];
  } catch (error) {
    return [error];
  }
}
