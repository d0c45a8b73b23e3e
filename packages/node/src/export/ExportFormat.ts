import { type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Quantization } from './quantizeWeights.js';

/** A way to write a model for use. */
export interface ExportFormat {
  /** @param inputs One tensor an input of the model, in its order. */
  write(model: LayersModel, folder: string, options: WriteOptions): Promise<void>;
  /**
   * What the written model gives.
   *
   * @returns One tensor an output, in the model's order. The caller owns them.
   */
  outputs(model: LayersModel, folder: string, inputs: readonly Tensor[]): Promise<Tensor[]>;
}

export interface WriteOptions {
  readonly quantize: Quantization | undefined;
  /** One tensor an input, in the model's order. */
  readonly inputs: readonly Tensor[];
}
