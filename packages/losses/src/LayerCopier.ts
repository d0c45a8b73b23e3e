import { type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DistillError, messageOf } from '@tfjs-distill/core';

type Layer = LayersModel['layers'][number];

/**
 * Copies parts of layers models, weights and all, onto other inputs: what comes of it shares nothing with
 * the models.
 */
export class LayerCopier {
  readonly #copies = new Map<Layer, Layer>();
  readonly #known = new Map<number, SymbolicTensor>();

  /** Has `copy` stand for a tensor of a model from now on. */
  replace(tensor: SymbolicTensor, copy: SymbolicTensor): void {
    this.#known.set(tensor.id, copy);
  }

  /**
   * What a model's tensor is with the replacements in place.
   *
   * @throws DistillError if it depends on an input that nothing replaces, or a layer does not take its new
   *   input's shape.
   */
  copy(tensor: SymbolicTensor): SymbolicTensor {
    const known = this.#known.get(tensor.id);
    if (known !== undefined) return known;
    const { sourceLayer, nodeIndex, outputTensorIndex = 0 } = tensor;
    const inputs = sourceLayer.inboundNodes[nodeIndex]?.inputTensors ?? [];
    if (inputs.length === 0) {
      throw new DistillError('OPTION', `The model's output does not come from the tapped layer alone.`, {
        hint: 'Tap the last map before pooling and classifier.',
      });
    }
    const outputs = this.#apply(sourceLayer, inputs.map((input) => this.copy(input))); // prettier-ignore
    const output = outputs[outputTensorIndex] as SymbolicTensor;
    this.replace(tensor, output);
    return output;
  }

  /** Frees the copies, where what they were made for came to nothing. */
  dispose(): void {
    for (const copy of this.#copies.values()) copy.dispose();
    this.#copies.clear();
  }

  #apply(layer: Layer, inputs: readonly SymbolicTensor[]): SymbolicTensor[] {
    const [first] = inputs;
    const made = this.#copies.get(layer);
    const copy = made ?? copyOf(layer);
    try {
      const output = copy.apply(inputs.length === 1 ? (first as SymbolicTensor) : [...inputs]) as Applied;
      this.#copies.set(layer, copy);
      if (made === undefined) copy.setWeights(layer.getWeights());
      return Array.isArray(output) ? output : [output];
    } catch (error) {
      const shapes = inputs.map(({ shape }) => `[${shape.map(String).join(', ')}]`).join(' and ');
      throw new DistillError('SHAPE', `Layer "${layer.name}" does not take an input of ${shapes}.`, {
        hint: `Tap a layer of the student with the teacher's sizes. (${messageOf(error)})`,
        cause: error,
      });
    }
  }
}

type Applied = SymbolicTensor | SymbolicTensor[];

function copyOf(layer: Layer): Layer {
  const type = layer.constructor as unknown as { fromConfig: (type: unknown, config: unknown) => Layer };
  return type.fromConfig(type, layer.getConfig());
}
