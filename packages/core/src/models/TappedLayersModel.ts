import { type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, model as functionalModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type Inputs, isTensor } from '../Batch.js';
import { DistillError, unknownName } from '../errors.js';
import { layerAddress } from './layerAddress.js';
import { type NestedTaps, withNestedTaps } from './withNestedTaps.js';

/** Output of a model and what its tapped layers gave on the way. */
export interface TappedOutputs {
  readonly output: Tensor;
  readonly features: Readonly<Record<string, Tensor>>;
}

type CallOptions = Parameters<LayersModel['call']>[1];

/**
 * Runs a layers model and its tapped layers in one forward pass.
 *
 * One multi-output model per set of taps is built over the same layers, so weights are shared and
 * nothing runs twice. A nested model is one layer to the model around it; for the time of the pass it
 * runs with its own taps.
 */
export class TappedLayersModel {
  readonly #extractors = new Map<string, Extractor>();

  constructor(readonly model: LayersModel) {}

  /** The model's first output and the tapped features. Belong to the caller's `tidy`. */
  forward(x: Inputs, training: boolean, taps: readonly string[]): TappedOutputs {
    const inputs = isTensor(x) ? x : byInputOrder(this.model, x);
    const { outputs, features } = this.#run(taps, (model) => model.apply(inputs, { training }));
    const [output] = outputs;
    if (output === undefined) throw new DistillError('SHAPE', `Model "${this.model.name}" has no output.`);
    return { output, features };
  }

  /** What the model's own `call` does, with the tapped features besides. */
  call(inputs: Tensor | Tensor[], options: CallOptions, taps: readonly string[]) {
    return this.#run(taps, (model) => model.call(inputs, options));
  }

  #run(taps: readonly string[], apply: (model: LayersModel) => unknown) {
    const { model, places, nested } = this.#extractor(taps);
    const { result, features } = withNestedTaps(nested, () => apply(model) as Tensor | Tensor[]);
    const results = [result].flat();
    const own = Object.fromEntries(places.map(([name, place]) => [name, results[place] as Tensor]));
    return { outputs: results.slice(0, this.model.outputs.length), features: { ...own, ...features } };
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

/** A model that also gives what was tapped: the place of each tap among its outputs, or in which nested model it is. */
interface Extractor {
  readonly model: LayersModel;
  readonly places: readonly (readonly [name: string, place: number])[];
  readonly nested: readonly NestedTaps[];
}

function makeExtractor(model: LayersModel, taps: readonly string[]): Extractor {
  if (taps.length === 0) return { model, places: [], nested: [] };
  const own: [string, SymbolicTensor][] = [];
  const nested = new Map<LayersModel, [string, string][]>();
  for (const name of taps) {
    const address = layerAddress(model, name);
    if ('output' in address) own.push([name, address.output]);
    else nested.set(address.nested, [...(nested.get(address.nested) ?? []), [name, address.inner]]);
  }
  // a tapped layer may be an output already, and tfjs-layers refuses an output that comes twice
  const outputs = [...new Set([...model.outputs, ...own.map(([, output]) => output)])];
  return {
    model: functionalModel({ inputs: model.inputs, outputs }),
    places: own.map(([name, output]) => [name, outputs.indexOf(output)]),
    nested: [...nested].map(([container, names]) => ({
      container,
      tapped: new TappedLayersModel(container),
      names,
    })),
  };
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
