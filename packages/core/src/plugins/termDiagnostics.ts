import { mul, type Scalar, tidy, type Variable, variableGrads } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { type LossContext, type LossTerm } from '../context.js';
import { definePlugin } from '../hooks/definePlugin.js';
import { LazyScalar } from '../LazyScalar.js';
import { globalNorm } from './gradientClipping.js';

/**
 * How strongly one term of the loss pulls at the student: `‖∂(weight · term) / ∂variables‖`.
 *
 * Runs inside the gradient tape of the step and goes back along it once, without another forward pass.
 *
 * @returns Scalar that the caller owns; 0 for a term of weight 0, or one that does not depend on the variables.
 */
export function termGradientNorm({ value, weight }: LossTerm, variables: readonly Variable[]): Scalar {
  return tidy(() => {
    if (weight === 0) return globalNorm({});
    try {
      return globalNorm(variableGrads(() => mul<Scalar>(value, weight), [...variables]).grads);
    } catch (error) {
      if (/Cannot find a connection/.test(String(error))) return globalNorm({});
      throw error;
    }
  });
}

/**
 * Tells which term of the loss drives the training, `type: 'term-diagnostics'`. For each term the epoch's logs get
 * `<term>.weight`, `<term>.weighted` and `<term>.gradient`: means over the steps looked at. The raw term is there
 * anyway.
 *
 * @example
 * termDiagnostics({ every: 20 }); // row of an epoch: { loss: 0.9, task: 0.5, kd: 1.2, 'kd.weighted': 0.6, 'kd.gradient': 0.31, … }
 */
export const termDiagnostics = definePlugin({
  type: 'term-diagnostics',
  options: z.strictObject({
    /** Looks at every so many-th step: each look costs one backward pass a term. */
    every: z._default(z.int().check(z.gte(1)), 20),
  }),
  create: ({ every }) => {
    let looked: { readonly name: string; readonly weight: number; readonly norm: LazyScalar }[] = [];
    const sums = new Map<string, { total: number; count: number }>();
    const free = () => {
      for (const { norm } of looked) norm.dispose();
      looked = [];
    };
    const note = (name: string, value: number) => {
      const { total = 0, count = 0 } = sums.get(name) ?? {};
      sums.set(name, { total: total + value, count: count + 1 });
    };
    return {
      traceable: false, // it keeps tensors from step to step
      onTrainBegin: () => sums.clear(),
      onEpochBegin: () => sums.clear(),
      onAfterComputeLoss: (_loss, { globalStep, terms, student }: LossContext) => {
        free();
        if (globalStep % every !== 0) return;
        looked = terms.map((term) => ({
          name: term.name,
          weight: term.weight,
          norm: new LazyScalar(termGradientNorm(term, student.variables)),
        }));
      },
      onStepEnd: async ({ parts }) => {
        for (const { name, weight, norm } of looked) {
          note(`${name}.weight`, weight);
          note(`${name}.weighted`, weight * ((await parts[name]?.value()) ?? NaN));
          note(`${name}.gradient`, await norm.value());
        }
        free();
      },
      onEpochEnd: {
        order: 'pre', // for those who read the logs
        handler: ({ log }) => {
          for (const [name, { total, count }] of sums) log(name, total / count);
        },
      },
      onError: free,
      dispose: free,
      state: () => ({ sums: Object.fromEntries(sums) }),
      restore: (state) => {
        const saved = state['sums'] as Readonly<Record<string, { total: number; count: number }>>;
        for (const [name, sum] of Object.entries(saved)) sums.set(name, { ...sum });
      },
    };
  },
});
