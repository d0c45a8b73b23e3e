import { type LayersModel } from '@tensorflow/tfjs-layers';
import { isLayersModel, layerShapes } from './layerAddress.js';
import { type ModelSignature } from './ModelSignature.js';
import { type TappableLayer } from './proposeMappings.js';

/** A layer as `distill layers` lists it. */
export interface ModelLayer extends TappableLayer {
  readonly parameters: number;
}

/**
 * Everything of a layers model that can be tapped, in the order of its layers: address, output shape,
 * class, parameters. A nested model comes behind its layers and has their parameters once more.
 */
export function tappableLayers(model: LayersModel): readonly ModelLayer[] {
  return Object.entries(layerShapes(model)).map(([name, shape]) => {
    const layer = layerAt(model, name);
    return { name, shape, kind: layer.getClassName(), parameters: layer.countParams() };
  });
}

/** The same for what only its signature tells of, such as a GraphModel. */
export function tappableFeatures({ features = {} }: ModelSignature): readonly TappableLayer[] {
  return Object.entries(features).map(([name, shape]) => ({ name, shape }));
}

function layerAt(model: LayersModel, address: string): LayersModel['layers'][number] {
  const name = address.replace(/#\d+$/, '');
  const own = model.layers.find((layer) => layer.name === address || layer.name === name);
  if (own !== undefined) return own;
  const nested = model.layers.find((layer) => isLayersModel(layer) && address.startsWith(`${layer.name}/`));
  return layerAt(nested as LayersModel, address.slice((nested?.name.length ?? 0) + 1));
}
