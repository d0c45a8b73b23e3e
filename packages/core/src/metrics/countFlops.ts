import { type LayersModel } from '@tensorflow/tfjs-layers';
import { isLayersModel } from '../models/layersModel.js';
import { type Shape } from '../models/ModelSignature.js';

type Layer = LayersModel['layers'][number];

/** What one call of a layer costs for one sample. */
export interface LayerFlops {
  readonly name: string;
  /** Class name of the layer, such as `Conv2D`. */
  readonly type: string;
  /** Absent where it cannot be counted: an unknown layer with weights, a size that is only known when it runs. */
  readonly flops?: number;
}

/**
 * Floating-point operations of one sample, layer by layer: two for each multiply–add with a kernel,
 * `2 · elements of the kernels · positions that they are applied at`.
 *
 * Dense, convolutional (also depthwise, separable, transposed) and recurrent layers have kernels. Biases,
 * activations, normalization, pooling, merging and look-ups count nothing, as usual where models are compared; half of
 * the number is what papers give as multiply–adds (MACs). Taps and exits that are no outputs are not counted.
 *
 * @param model A layer that it calls twice comes twice.
 * @example countFlops(mobileNetV1) // 2 × 568.7 million in all: "569 million mult-adds" in its paper
 */
export function countFlops(model: LayersModel): LayerFlops[] {
  if (!model.built) model.build([]); // a Sequential knows its nodes only then; the argument is unused there
  return model.layers.flatMap((layer) => callsWithin(model, layer).flatMap((call) => flopsOf(layer, call)));
}

/**
 * Sum of `countFlops`.
 *
 * @returns `undefined` if the cost of a layer is unknown.
 */
export function totalFlops(layers: readonly LayerFlops[]): number | undefined {
  return layers.reduce<number | undefined>(
    (sum, { flops }) => (sum === undefined || flops === undefined ? undefined : sum + flops),
    0,
  );
}

interface Call {
  readonly input: Shape;
  readonly output: Shape;
}

function callsWithin(model: LayersModel, layer: Layer): Call[] {
  const nodes = layer.inboundNodes.filter((_, node) => model.containerNodes.has(`${layer.name}_ib-${node}`));
  return nodes.map(({ inputShapes, outputShapes }) => ({
    input: first(inputShapes),
    output: first(outputShapes),
  }));
}

/** tfjs-layers keeps one shape, or a list of them. */
function first(shapes: unknown): Shape {
  const [head] = shapes as readonly unknown[];
  return (Array.isArray(head) ? head : shapes) as Shape;
}

function flopsOf(layer: Layer, call: Call): LayerFlops[] {
  if (isLayersModel(layer)) return countFlops(layer);
  const type = layer.getClassName();
  const positions = positionsOf(layer, call);
  const known = positions !== undefined && Number.isFinite(positions);
  return [{ name: layer.name, type, ...(known && { flops: 2 * kernelElements(layer) * positions }) }];
}

/** At how many places the kernels of a layer are applied; `undefined` where nobody knows, `NaN` where a size is free. */
function positionsOf(layer: Layer, { input, output }: Call): number | undefined {
  const type = layer.getClassName();
  if (type === 'TimeDistributed') return positionsOf(wrapped(layer), { input, output }); // its time is one more axis
  if (OVER_TIME.has(type)) return size(input.slice(1, 2));
  if (OVER_OUTPUT.has(type)) return size(places(layer, output));
  if (OVER_INPUT.has(type)) return size(places(layer, input));
  return FREE.has(type) || layer.weights.length === 0 ? 0 : undefined;
}

const OVER_TIME = new Set(['SimpleRNN', 'GRU', 'LSTM', 'Bidirectional']);
const OVER_OUTPUT = new Set(['Dense', 'Conv1D', 'Conv2D', 'Conv3D', 'DepthwiseConv2D', 'SeparableConv2D']);
const OVER_INPUT = new Set(['Conv2DTranspose', 'Conv3DTranspose']);
/** Layers that have weights and no kernel. */
const FREE = new Set(['BatchNormalization', 'LayerNormalization', 'PReLU', 'Embedding']);

function wrapped(layer: Layer): Layer {
  return (layer as Layer & { readonly layer: Layer }).layer;
}

/** Sizes without batch and channels. */
function places(layer: Layer, shape: Shape): Shape {
  const { dataFormat } = layer as { dataFormat?: string };
  return dataFormat === 'channelsFirst' ? shape.slice(2) : shape.slice(1, -1);
}

function size(shape: Shape): number {
  return shape.reduce<number>((product, n) => product * (n ?? NaN), 1);
}

function kernelElements(layer: Layer): number {
  const kernels = layer.weights.filter(({ originalName }) => originalName.includes('kernel'));
  return kernels.reduce((sum, { shape }) => sum + size(shape), 0);
}
