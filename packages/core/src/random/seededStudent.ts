import { type Student } from '../student/Student.js';
import { withSeed } from './withSeed.js';

/** What a step's random numbers follow from. */
export interface StepSeed {
  readonly seed: number;
  readonly globalStep: number;
}

/** One number for each pair of seed and step. */
export const seedOfStep = ({ seed, globalStep }: StepSeed): number =>
  Math.imul(seed, 0x27d4eb2f) ^ (globalStep + 1);

/**
 * The same student, whose dropout and noise follow from the run's seed and the step: other units are dropped in
 * every step, and the same ones when the step is repeated, also in a resumed training.
 */
export function seededStudent(student: Student, at: () => StepSeed): Student {
  return new Proxy(student, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (key !== 'forward') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      const forward: Student['forward'] = (x, options) =>
        options.training
          ? withSeed(seedOfStep(at()), () => target.forward(x, options))
          : target.forward(x, options);
      return forward;
    },
  });
}
