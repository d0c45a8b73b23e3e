import { type Criterion } from './Criterion.js';

/**
 * No distillation: the task's loss alone, without a teacher. What a distilled student is compared with.
 *
 * @example
 * prepareCompression(baseline, { criterion: labelsOnly });
 */
export const labelsOnly: Criterion = {
  type: 'labels-only',
  weight: 0,
  taskWeight: 1,
  requires: { teacher: false, labels: true },
  compute: ({ taskLoss }) => taskLoss,
};
