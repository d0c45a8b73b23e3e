import { type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DistillError } from '../errors.js';
import { HeadLayers, type HeadPlan, lastOf } from './HeadLayers.js';

export const HEADS = ['attention', 'bottleneck', 'pool'] as const;

export type HeadName = (typeof HEADS)[number];

/** From the feature of a layer to logits. */
export type Head = (x: SymbolicTensor, plan: HeadPlan) => SymbolicTensor;

/** Global average pooling and a dense layer; the cheapest. */
export const poolHead: Head = (x, plan) => classifier(x, plan);

/**
 * The bottleneck of "Be Your Own Teacher": 1×1, strided and 1×1 convolution to the size and channels of the deepest feature.
 *
 * @see Zhang et al., "Be Your Own Teacher", https://arxiv.org/abs/1905.08094 (2019)
 */
export const bottleneckHead: Head = (x, plan) => {
  const build = new HeadLayers(plan);
  const channels = lastOf(plan.deepest);
  if (x.rank === 2) return classifier(build.dense('feature', x, channels), plan);
  const stride = strideOf(x, plan);
  const narrow = Math.max(1, Math.round(channels / 4));
  const reduced = build.conv('reduce', x, { filters: narrow, kernelSize: 1 });
  const shrunk = build.conv('shrink', reduced, { filters: narrow, kernelSize: Math.max(stride, 3), stride });
  return classifier(build.conv('feature', shrunk, { filters: channels, kernelSize: 1 }), plan);
};

/**
 * The attention module of "Self-Distillation": the feature times a gate that is computed at half its size, then separable
 * convolutions of stride 2 to the size and channels of the deepest feature. One convolution where the authors have two.
 *
 * @see Zhang, Bao, Ma, "Self-Distillation: Towards Efficient and Compact Neural Networks", https://doi.org/10.1109/TPAMI.2021.3067100 (2021)
 */
export const attentionHead: Head = (x, plan) => {
  const build = new HeadLayers(plan);
  const steps = Math.max(1, Math.round(Math.log2(strideOf(x, plan))));
  const channels = lastOf(plan.deepest);
  let feature = build.gated(x);
  for (let step = 1; step < steps; step++) {
    feature = build.separable(`scale${step}`, feature, { filters: lastOf(feature.shape), stride: 2 });
  }
  const stride = strideOf(feature, plan) > 1 ? 2 : 1;
  return classifier(build.separable('feature', feature, { filters: channels, stride }), plan);
};

export const HEAD_BUILDERS: Readonly<Record<HeadName, Head>> = {
  attention: attentionHead,
  bottleneck: bottleneckHead,
  pool: poolHead,
};

function classifier(x: SymbolicTensor, plan: HeadPlan): SymbolicTensor {
  const build = new HeadLayers(plan);
  return build.logits(build.pooled(x));
}

/** How many times smaller the deepest map is. */
function strideOf(x: SymbolicTensor, { after, deepest }: HeadPlan): number {
  const [size, target] = [x.shape[1], deepest[1]];
  const known = x.rank === 4 && [...x.shape.slice(1), ...deepest.slice(1)].every((n) => n !== null);
  if (known && size && target) return Math.max(1, Math.round(size / target));
  throw new DistillError('SHAPE', `Layer "${after}" gives [${x.shape.map(String).join(', ')}].`, {
    where: 'attachExits',
    hint: "Heads 'attention' and 'bottleneck' need maps of known size; take 'pool' or a function.",
  });
}
