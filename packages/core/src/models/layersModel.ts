import { type LayersModel } from '@tensorflow/tfjs-layers';
import { isLayersModel, layerShapes } from './layerAddress.js';
import { type ModelSignature, type Shape } from './ModelSignature.js';

export { isLayersModel, layerOutput } from './layerAddress.js';
export { TappedLayersModel, type TappedOutputs } from './TappedLayersModel.js';

export function layersModelSignature(model: LayersModel): ModelSignature {
  const features = layerShapes(model); // builds a Sequential that is not yet
  const output = model.outputs[0]?.shape as Shape | undefined;
  return { inputs: model.inputs.map((input) => input.shape as Shape), ...(output && { output }), features };
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
