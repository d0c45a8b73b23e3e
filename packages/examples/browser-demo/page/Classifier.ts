import { io, softmax, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { SIDE } from './toDigit.js';

export interface Answer {
  /** Ten probabilities. */
  readonly probabilities: readonly number[];
  readonly milliseconds: number;
}

/** A model that says which digit it sees. */
export class Classifier {
  /** What was downloaded, or would be: topology and weights. */
  readonly bytes: number;
  readonly artifacts: io.ModelArtifacts;
  #model: LayersModel;

  private constructor(model: LayersModel, artifacts: io.ModelArtifacts, bytes: number) {
    this.#model = model;
    this.artifacts = artifacts;
    this.bytes = bytes;
  }

  /** @throws If the files are no model, or one for other data than digits. */
  static async open(handler: io.IOHandler): Promise<Classifier> {
    const artifacts = (await handler.load?.()) as io.ModelArtifacts;
    const model = await loadLayersModel(io.fromMemory(artifacts));
    const [input, output] = [
      model.inputs[0]?.shape.slice(1).join('×'),
      model.outputs[0]?.shape.slice(1).join('×'),
    ];
    if (input !== `${SIDE}×${SIDE}×1` || output !== '10') {
      model.dispose();
      throw new Error(
        `This model takes ${input} and gives ${output} numbers; digits are 28×28×1 and give 10.`,
      );
    }
    const classifier = new Classifier(model, artifacts, sizeOf(artifacts));
    await classifier.classify(new Float32Array(SIDE * SIDE)); // compiles kernels before anybody waits
    return classifier;
  }

  /** @param digit 784 numbers, 0 to 1. */
  async classify(digit: Float32Array): Promise<Answer> {
    const began = performance.now();
    const answer = tidy(() => softmax(this.#model.predict(tensor4d(digit, [1, SIDE, SIDE, 1])) as Tensor));
    const probabilities = await answer.data();
    answer.dispose();
    return { probabilities: [...probabilities], milliseconds: performance.now() - began };
  }

  /** Saves the model to `downloads://…` or the like. */
  save(location: string): Promise<unknown> {
    return this.#model.save(location);
  }

  dispose(): void {
    this.#model.dispose();
  }
}

function sizeOf({ modelTopology, weightSpecs, weightData }: io.ModelArtifacts): number {
  const weights = weightData === undefined ? 0 : io.CompositeArrayBuffer.join(weightData).byteLength;
  return weights + JSON.stringify({ modelTopology, weightSpecs }).length;
}
