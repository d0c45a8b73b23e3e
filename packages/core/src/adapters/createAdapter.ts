import { clone, mean, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { shapeMismatch } from '../errors.js';
import { type Shape } from '../models/ModelSignature.js';
import { adaptiveAveragePool } from './adaptiveAveragePool.js';
import { type Adapter, type AdapterKind } from './Adapter.js';
import { batchNormalize } from './batchNormalize.js';
import { type AdapterStep, chooseAdapter } from './chooseAdapter.js';
import { describePlan } from './describePlan.js';
import { linearResize } from './linearResize.js';
import { Parameters } from './Parameters.js';
import { projection } from './projection.js';

export interface AdapterOptions {
  /** Default `auto`. */
  readonly kind?: AdapterKind;
  /** Of the initial weights; a whole number. Default 0. */
  readonly seed?: number;
  /** Normalises over the batch after the projection, in place of its bias. Couples samples. Default false. */
  readonly batchNorm?: boolean;
  /** Put in front of the variables' names; checkpoints know them by it. Default `adapter`. */
  readonly name?: string;
}

/**
 * Builds what takes a feature of one shape to another.
 *
 * Pooling, resizing and projection commute, so the cheapest order is taken. Weights are Glorot-uniform
 * by the seed, biases 0.
 *
 * @param from, to `[batch, …sizes, channels]`, `null` where any size fits.
 * @returns The adapter; dispose it when done. Its variables belong into the optimizer before the first step.
 * @throws DistillError that names both shapes if this kind cannot match them.
 *
 * @example
 * const adapter = createAdapter([null, 8, 8, 16], [null, 4, 4, 32], { seed: 1 });
 * adapter.describe(); // "average pooling to 4×4, then 1×1 convolution 16 → 32"
 */
export function createAdapter(from: Shape, to: Shape, options: AdapterOptions = {}): Adapter {
  const { kind = 'auto', seed = 0, batchNorm = false, name = 'adapter' } = options;
  const plan = chooseAdapter(from, to, kind);
  const parameters = new Parameters(name, seed);
  const steps = plan.map((step) => build(step, parameters, batchNorm));
  return {
    get variables() {
      return parameters.variables;
    },
    apply: (x, weights) => {
      checkInput(x, from, name);
      return tidy(() => steps.reduce((value, step) => step(value, weights), clone(x)));
    },
    describe: () => describePlan(plan, batchNorm),
    dispose: () => parameters.dispose(),
  };
}

type Step = (x: Tensor, weights?: Tensor) => Tensor;

function build(step: AdapterStep, parameters: Parameters, batchNorm: boolean): Step {
  switch (step.type) {
    case 'average':
      return (x) =>
        mean(
          x,
          x.shape.slice(1, -1).map((_, i) => i + 1),
        );
    case 'pool':
      return (x) => adaptiveAveragePool(x, step.sizes);
    case 'resize':
      return (x) => linearResize(x, step.sizes);
    case 'linear':
    case 'conv1x1':
    case 'conv3x3': {
      const project = projection(parameters, { ...step, bias: !batchNorm });
      if (!batchNorm) return project;
      const normalize = batchNormalize(parameters, step.to);
      return (x, weights) => normalize(project(x), weights);
    }
  }
}

function checkInput(x: Tensor, from: Shape, where: string): void {
  const fits =
    x.rank === from.length && from.every((size, i) => i === 0 || size === null || size === x.shape[i]);
  if (!fits)
    throw shapeMismatch(
      'a feature of the shape that was declared',
      { got: x.shape, declared: from },
      { where },
    );
}
