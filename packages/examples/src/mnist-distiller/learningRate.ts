import { type Plugin } from '@tfjs-distill/core';

/**
 * Drives an optimizer's learning rate: up in a straight line, then down by half a cosine to 1 % of the peak.
 *
 * `progress.fraction` would move by whole epochs here, for the batches come from a generator.
 */
export function cosineLearningRate(peak: number, warmUp: number, steps: number): Plugin {
  return {
    name: 'cosine-learning-rate',
    onStepBegin: ({ optimizer, globalStep }) => {
      const rate = peak * learningRateAt(globalStep / steps, warmUp);
      (optimizer as unknown as { learningRate: number }).learningRate = rate; // protected in the types alone
    },
  };
}

/** Part of the peak at a part of the training. */
export function learningRateAt(fraction: number, warmUp: number): number {
  if (fraction < warmUp) return fraction / warmUp;
  const cooled = (fraction - warmUp) / (1 - warmUp);
  return 0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * cooled));
}
