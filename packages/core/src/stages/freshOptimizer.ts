import { type Optimizer } from '@tensorflow/tfjs-core';
import { DistillError } from '../errors.js';

type OptimizerClass = (new () => Optimizer) & {
  readonly className?: string;
  fromConfig?(type: unknown, config: unknown): Optimizer;
};

/**
 * Another optimizer of the same kind and settings, with no moments of any variable.
 *
 * @throws DistillError if it cannot be told how this one was made.
 */
export function freshOptimizer(optimizer: Optimizer, where: string): Optimizer {
  const type = optimizer.constructor as OptimizerClass;
  if (typeof optimizer.getConfig === 'function' && typeof type.fromConfig === 'function') {
    return type.fromConfig(type, optimizer.getConfig());
  }
  throw new DistillError('OPTION', 'The optimizer cannot be copied, and every stage needs its own.', {
    where,
    hint: 'Give each stage its `optimizer`.',
  });
}
