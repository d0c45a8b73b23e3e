import { type io, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { fileSystem } from '../io/fileSystem.js';
import { type ExportFormat } from './ExportFormat.js';
import { type Quantization, quantizeWeights } from './quantizeWeights.js';

/** TensorFlow.js's own: model.json and weights. */
export const layersFormat: ExportFormat = {
  write: async (model, folder, { quantize }) => {
    await model.save(through(folder, quantize));
  },
  outputs: async (_, folder, inputs) => {
    const written = await loadLayersModel(fileSystem(folder));
    try {
      return predictions(written, inputs);
    } finally {
      written.dispose();
    }
  },
};

/** A model's outputs, in its order. The caller owns them. */
export function predictions(model: LayersModel, inputs: readonly Tensor[]): Tensor[] {
  return [model.predict([...inputs])].flat();
}

function through(directory: string, quantize: Quantization | undefined): io.IOHandler {
  const files = fileSystem(directory);
  const save = files.save as NonNullable<io.IOHandler['save']>;
  return {
    save: (artifacts) => save(quantize === undefined ? artifacts : quantizeWeights(artifacts, quantize)),
  };
}
