import { type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DistillError, unknownName } from '../errors.js';
import { type Shape } from './ModelSignature.js';

type Layer = LayersModel['layers'][number];

/** Where a tapped feature comes from: a call of one of the model's layers, or inside a nested model. */
export type LayerAddress =
  | { readonly output: SymbolicTensor }
  | { readonly nested: LayersModel; readonly call: SymbolicTensor; readonly inner: string };

export function isLayersModel(value: unknown): value is LayersModel {
  const model = value as LayersModel | undefined;
  return Array.isArray(model?.layers) && typeof model.apply === 'function' && Array.isArray(model.outputs);
}

/**
 * Finds a layer by its address: `name`; `name#2` for the second call of a layer that runs several
 * times; `outer/inner` for a layer of a nested model.
 *
 * @throws DistillError with the nearest address if there is none; with all of them if a bare name fits several calls.
 */
export function layerAddress(model: LayersModel, address: string): LayerAddress {
  const found = callOf(model, address) ?? nestedAddress(model, address);
  if (found !== undefined) return found;
  throw unknownName('layer', address, Object.keys(layerShapes(model)), { where: `model "${model.name}"` });
}

/**
 * The output of one of the model's own layers.
 *
 * @throws DistillError as `layerAddress`, and for a layer of a nested model.
 */
export function layerOutput(model: LayersModel, address: string): SymbolicTensor {
  const found = layerAddress(model, address);
  if ('output' in found) return found.output;
  throw new DistillError('OPTION', `Layer "${address}" is inside of nested model "${found.nested.name}".`, {
    hint: 'Name a layer of the model itself.',
  });
}

/** Addresses of everything that can be tapped, and the shapes of their outputs, in the order of `model.layers`. */
export function layerShapes(model: LayersModel): Readonly<Record<string, Shape>> {
  const entries = ownLayers(model).flatMap(({ name, layer, calls, spliced }) => {
    const own = calls.map((output, i) => [callName(name, calls.length, i), output.shape] as const);
    if (!isLayersModel(layer) || spliced || calls.length !== 1) return own;
    const inner = Object.entries(layerShapes(layer));
    return [...inner.map(([within, shape]) => [`${name}/${within}`, shape] as const), ...own];
  });
  return Object.fromEntries(entries);
}

/** A layer as a model's graph has it. */
interface OwnLayer {
  readonly name: string;
  readonly layer: Layer;
  /** Its outputs, one a call. */
  readonly calls: readonly SymbolicTensor[];
  /** A model whose layers have become the graph's own, as the first one added to a Sequential. */
  readonly spliced: boolean;
}

function ownLayers(graph: LayersModel, layers = graph.layers, prefix = ''): OwnLayer[] {
  ensureBuilt(graph);
  return layers.flatMap((layer): OwnLayer[] => {
    const name = prefix + layer.name;
    const calls = callsWithin(graph, layer);
    if (calls.length > 0 || !isLayersModel(layer)) return [{ name, layer, calls, spliced: false }];
    const inner = ownLayers(graph, layer.layers, `${name}/`);
    return [...inner, { name, layer, calls: layer.outputs.slice(0, 1), spliced: true }];
  });
}

function callOf(model: LayersModel, address: string): LayerAddress | undefined {
  const layers = ownLayers(model);
  const named = layers.find(({ name }) => name === address);
  if (named !== undefined) return { output: onlyCall(model, named) };
  const [, base, count] = /^(.+)#([1-9]\d*)$/.exec(address) ?? [];
  const output = layers.find(({ name }) => name === base)?.calls[Number(count) - 1];
  return output && { output };
}

/** Layers' names may hold a slash themselves, so every nested model is tried as the beginning. */
function nestedAddress(model: LayersModel, address: string): LayerAddress | undefined {
  for (const own of ownLayers(model)) {
    if (own.spliced || !isLayersModel(own.layer) || !address.startsWith(`${own.name}/`)) continue;
    const inner = address.slice(own.name.length + 1);
    const call = onlyCall(
      model,
      own,
      'Inside of it only what runs once can be tapped: tap a layer behind it.',
    );
    layerAddress(own.layer, inner); // must exist
    return { nested: own.layer, call, inner };
  }
  return undefined;
}

function onlyCall(model: LayersModel, { name, calls }: OwnLayer, hint?: string): SymbolicTensor {
  const [only] = calls;
  if (only !== undefined && calls.length === 1) return only;
  const names = calls.map((_, i) => `"${callName(name, calls.length, i)}"`);
  throw new DistillError('OPTION', `Layer "${name}" runs ${calls.length} times in model "${model.name}".`, {
    hint: hint ?? `Say which: ${names.join(', ')}, in the order they were made.`,
  });
}

const callName = (name: string, calls: number, index: number): string =>
  calls === 1 ? name : `${name}#${index + 1}`;

/** First outputs of a layer in this model: one a call, leaving out its calls in other models. */
function callsWithin(model: LayersModel, layer: Layer): SymbolicTensor[] {
  const { containerNodes } = model;
  return layer.inboundNodes.flatMap((_, node) => {
    const inside = containerNodes.has(`${layer.name}_ib-${node}`);
    return inside ? [layer.getOutputAt(node)].flat().slice(0, 1) : [];
  });
}

/** A Sequential knows its own nodes only once it is built, which otherwise its first call does. */
function ensureBuilt(model: LayersModel): void {
  if (model.outputs.length === 0) {
    throw new DistillError('OPTION', `Model "${model.name}" has no input shape yet.`, {
      hint: 'Give its first layer an `inputShape`.',
    });
  }
  if (!model.built) model.build([]); // its argument is unused there
}
