import { type AdapterStep } from './chooseAdapter.js';

/** An adapter's steps in words: "average pooling to 4×4, then 1×1 convolution 16 → 32". */
export function describePlan(plan: readonly AdapterStep[], batchNorm = false): string {
  return plan.map((step) => describeStep(step, batchNorm)).join(', then ') || 'identity';
}

const PROJECTIONS = { linear: 'linear', conv1x1: '1×1 convolution', conv3x3: '3×3 convolution' };

function describeStep(step: AdapterStep, batchNorm: boolean): string {
  if (step.type === 'average') return 'average over all positions';
  if ('sizes' in step) {
    return `${step.type === 'pool' ? 'average pooling' : 'linear resizing'} to ${step.sizes.join('×')}`;
  }
  const normalized = batchNorm ? ', batch normalisation' : '';
  return `${PROJECTIONS[step.type]} ${step.from} → ${step.to}${normalized}`;
}
