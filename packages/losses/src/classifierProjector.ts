import { relu, reshape, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { Parameters, projection, type TrainedPart } from '@tfjs-distill/core';
import { BATCH_NORM_EPSILON, runningBatchNorm } from './runningBatchNorm.js';

/** Takes the student's last map to the teacher's, in front of the teacher's classifier. */
export interface ClassifierProjector extends TrainedPart {
  /** `[batch, height, width, from]` to `[batch, height, width, to]`. */
  apply(x: Tensor, options: { readonly training: boolean }): Tensor;
  /** The same as layers, with copies of the weights as they are now. */
  asLayers(x: SymbolicTensor): SymbolicTensor;
}

export interface ClassifierProjectorOptions {
  readonly from: number;
  readonly to: number;
  /** The channels between are `to / reduction`. */
  readonly reduction: number;
  readonly seed: number;
  readonly name: string;
}

/**
 * Convolutions of 1×1, 3×3 and 1×1 with a bottleneck, batch norm and ReLU after each.
 *
 * @see Chen et al., "Knowledge Distillation with the Reused Teacher Classifier", https://arxiv.org/abs/2203.14001 (2022)
 */
export function classifierProjector(options: ClassifierProjectorOptions): ClassifierProjector {
  const { from, to, reduction, seed, name } = options;
  const parameters = new Parameters(name, seed);
  const middle = Math.max(1, Math.floor(to / reduction));
  const stages = [
    stage(parameters, 'reduce', { type: 'conv1x1', from, to: middle }),
    stage(parameters, 'transform', { type: 'conv3x3', from: middle, to: middle }),
    stage(parameters, 'expand', { type: 'conv1x1', from: middle, to }),
  ];
  return {
    variables: parameters.variables,
    state: stages.flatMap(({ state }) => state),
    apply: (x, { training }) => stages.reduce((value, { apply }) => apply(value, training), x),
    asLayers: (x) => stages.reduce((value, { asLayers }) => asLayers(value), x),
    dispose: () => {
      for (const { dispose } of stages) dispose();
      parameters.dispose();
    },
  };
}

interface Convolution {
  readonly type: 'conv1x1' | 'conv3x3';
  readonly from: number;
  readonly to: number;
}

function stage(parameters: Parameters, name: string, convolution: Convolution) {
  const before = parameters.variables.length;
  const convolve = projection(parameters, { ...convolution, bias: false, name: `${name}/` });
  const kernel = parameters.variables[before] as Variable;
  const norm = runningBatchNorm(parameters, convolution.to, name);
  return {
    apply: (x: Tensor, training: boolean) => relu(norm[training ? 'train' : 'infer'](convolve(x))),
    asLayers: (x: SymbolicTensor) => asLayers(x, convolution, kernel, norm.weights),
    state: norm.state,
    dispose: () => norm.dispose(),
  };
}

function asLayers(
  x: SymbolicTensor,
  { type, from, to }: Convolution,
  kernel: Variable,
  normWeights: readonly Variable[],
): SymbolicTensor {
  const size = type === 'conv1x1' ? 1 : 3;
  const convolution = layers.conv2d({ filters: to, kernelSize: size, padding: 'same', useBias: false });
  const norm = layers.batchNormalization({ epsilon: BATCH_NORM_EPSILON });
  const normalized = norm.apply(convolution.apply(x)) as SymbolicTensor;
  const shaped = reshape(kernel, [size, size, from, to]);
  convolution.setWeights([shaped]);
  shaped.dispose();
  norm.setWeights([...normWeights]);
  return layers.reLU().apply(normalized) as SymbolicTensor;
}
