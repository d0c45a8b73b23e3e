import { type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { layerAddress } from './layerAddress.js';

type Layer = LayersModel['layers'][number];

/**
 * The layers that a layer's output depends on, itself among them.
 *
 * @param address As for taps: `name`, `name#2`, `outer/inner`.
 * @throws DistillError with the nearest address if there is none.
 */
export function layersUpTo(model: LayersModel, address: string): ReadonlySet<Layer> {
  const found = layerAddress(model, address);
  const layers = new Set<Layer>();
  if ('output' in found) collect([found.output], layers);
  else {
    collect(found.call.inputs, layers);
    for (const layer of layersUpTo(found.nested, found.inner)) layers.add(layer);
  }
  return layers;
}

function collect(outputs: readonly SymbolicTensor[], layers: Set<Layer>): void {
  const seen = new Set<SymbolicTensor>();
  const pending = [...outputs];
  for (let output = pending.pop(); output !== undefined; output = pending.pop()) {
    if (seen.has(output)) continue;
    seen.add(output);
    layers.add(output.sourceLayer);
    pending.push(...output.inputs);
  }
}
