import { type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, model as functionalModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type Inputs, isTensor } from '../Batch.js';
import { DistillError, unknownName } from '../errors.js';
import { type ModelSignature, type Shape } from './ModelSignature.js';

/** Output of a model and what its tapped layers gave on the way. */
export interface TappedOutputs {
  readonly output: Tensor;
  readonly features: Readonly<Record<string, Tensor>>;
}

export function isLayersModel(value: unknown): value is LayersModel {
  const model = value as LayersModel | undefined;
  return Array.isArray(model?.layers) && typeof model.apply === 'function' && Array.isArray(model.outputs);
}

export function layersModelSignature(model: LayersModel): ModelSignature {
  ensureBuilt(model);
  const output = model.outputs[0]?.shape as Shape | undefined;
  const features = Object.fromEntries(
    model.layers.flatMap((layer) => {
      const [only, second] = outputsWithin(model, layer);
      return only && !second ? [[layer.name, only.shape]] : [];
    }),
  );
  return { inputs: model.inputs.map((input) => input.shape as Shape), ...(output && { output }), features };
}

/**
 * Runs a layers model and its tapped layers in one forward pass.
 *
 * One multi-output model per set of taps is built over the same layers, so weights are shared and
 * nothing runs twice.
 */
export class TappedLayersModel {
  readonly #extractors = new Map<string, Extractor>();

  constructor(readonly model: LayersModel) {}

  forward(x: Inputs, training: boolean, taps: readonly string[]): TappedOutputs {
    const inputs = isTensor(x) ? x : byInputOrder(this.model, x);
    const { run, places } = this.#extractor(taps);
    const results = asList(run.apply(inputs as Tensor, { training }) as Tensor | Tensor[]);
    const [output] = results;
    if (output === undefined) throw new DistillError('SHAPE', `Model "${this.model.name}" has no output.`);
    const features = Object.fromEntries(taps.map((name, i) => [name, results[places[i] ?? 0] as Tensor]));
    return { output, features };
  }

  #extractor(taps: readonly string[]): Extractor {
    const key = taps.join('\n');
    let extractor = this.#extractors.get(key);
    if (extractor === undefined) {
      extractor = makeExtractor(this.model, taps);
      this.#extractors.set(key, extractor);
    }
    return extractor;
  }
}

/** A model that also gives what was tapped, and the place of each tap among its outputs. */
interface Extractor {
  readonly run: LayersModel;
  readonly places: readonly number[];
}

function makeExtractor(model: LayersModel, taps: readonly string[]): Extractor {
  const tapped = taps.map((name) => layerOutput(model, name));
  // a tapped layer may be an output already, and tfjs-layers refuses an output that comes twice
  const outputs = [...new Set([...model.outputs, ...tapped])];
  const run =
    outputs.length === model.outputs.length ? model : functionalModel({ inputs: model.inputs, outputs });
  return { run, places: tapped.map((output) => outputs.indexOf(output)) };
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

/** The output of a named layer. Throws with the nearest name if there is none, or if the model runs it twice. */
export function layerOutput(model: LayersModel, name: string): SymbolicTensor {
  const layer = model.layers.find((candidate) => candidate.name === name);
  if (layer === undefined) {
    const names = model.layers.map((candidate) => candidate.name);
    throw unknownName('layer', name, names, { where: `model "${model.name}"` });
  }
  const [output, second] = outputsWithin(model, layer);
  if (output === undefined || second !== undefined) {
    throw new DistillError('OPTION', `Layer "${name}" runs more than once in model "${model.name}".`, {
      hint: 'Which of its outputs is meant cannot be told: tap a layer behind it.',
    });
  }
  return output;
}

/** Outputs of a layer in this model: one a call, leaving out its calls in other models. */
function outputsWithin(model: LayersModel, layer: LayersModel['layers'][number]): SymbolicTensor[] {
  ensureBuilt(model);
  const { containerNodes } = model;
  return layer.inboundNodes.flatMap((_, node) => {
    const inside = containerNodes.has(`${layer.name}_ib-${node}`);
    return inside ? asList(layer.getOutputAt(node)).slice(0, 1) : [];
  });
}

/** Name of the layer that turns logits into probabilities at a model's end, if one does. */
export function probabilityLayer(model: LayersModel): string | undefined {
  const last = model.layers.at(-1);
  if (last === undefined) return undefined;
  if (isLayersModel(last)) return probabilityLayer(last);
  const { activation } = last.getConfig() as { activation?: string };
  const softens = last.getClassName() === 'Softmax' || activation === 'softmax' || activation === 'sigmoid';
  return softens ? last.name : undefined;
}

function byInputOrder(model: LayersModel, x: Exclude<Inputs, Tensor>): Tensor[] {
  if (Array.isArray(x)) return x as Tensor[];
  const named = x as Record<string, Tensor>;
  return model.inputNames.map((name) => {
    const tensor = named[name];
    if (tensor === undefined)
      throw unknownName('input', name, Object.keys(named), { where: `model "${model.name}"` });
    return tensor;
  });
}

function asList<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
