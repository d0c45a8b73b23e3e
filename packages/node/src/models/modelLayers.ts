import { type GraphModel } from '@tensorflow/tfjs-converter';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  DistillError,
  isLayersModel,
  liveTeacher,
  type ModelLayer,
  tappableFeatures,
  tappableLayers,
} from '@tfjs-distill/core';

/** A layer that can be tapped; how many parameters it has is known of layers models only. */
export type ListedLayer = Omit<ModelLayer, 'parameters'> & { readonly parameters?: number };

/**
 * What can be tapped of a model: layers with their classes and parameters, or the nodes of a graph.
 *
 * @throws DistillError `DATA` for a graph that cannot be run to see its shapes.
 */
export function modelLayers(model: LayersModel | GraphModel): readonly ListedLayer[] {
  if (isLayersModel(model)) return tappableLayers(model);
  const { features } = liveTeacher(model).signature;
  if (features !== undefined) return tappableFeatures({ features });
  throw new DistillError(
    'DATA',
    "The graph's shapes cannot be found out: sizes other than the batch are free, or it has control flow.",
    {
      where: 'layers',
      hint: 'Convert it with fixed sizes.',
    },
  );
}
