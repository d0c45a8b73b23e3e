import { type Criterion } from '@tfjs-distill/core';

/**
 * A criterion with other weights; all else, adapters included, stays its own.
 *
 * @example
 * reweighted(hint({ student: 'a', teacher: 'b' }), { weight: 0.5, taskWeight: 0.5 });
 */
export function reweighted(
  criterion: Criterion,
  weights: Pick<Criterion, 'weight' | 'taskWeight'>,
): Criterion {
  return {
    type: criterion.type,
    ...weights,
    ...(criterion.taps && { taps: criterion.taps }),
    ...(criterion.requires && { requires: criterion.requires }),
    ...(criterion.coupled !== undefined && { coupled: criterion.coupled }),
    get variables() {
      return criterion.variables ?? [];
    },
    prepare: (context) => criterion.prepare?.(context),
    compute: (ctx) => criterion.compute(ctx),
    dispose: () => criterion.dispose?.(),
  };
}
