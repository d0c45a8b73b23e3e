import {
  abs,
  argMax,
  cast,
  equal,
  max,
  maximum,
  mean,
  stack,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Inputs, inputTensors, isTensor } from '@tfjs-distill/core';

/** How far two models' outputs are apart. */
export interface OutputComparison {
  readonly samples: number;
  /** Largest absolute difference of an output. */
  readonly maxDifference: number;
  /** That, as a share of the largest absolute output. */
  readonly relativeDifference: number;
  /** Share of samples with the same answer. */
  readonly agreement: number;
}

/** Runs both models on the same inputs, in inference mode. */
export async function compareOutputs(
  given: LayersModel,
  other: LayersModel,
  inputs: Inputs,
): Promise<OutputComparison> {
  const found = tidy(() => {
    const [a, b] = [outputsOf(given, inputs), outputsOf(other, inputs)];
    const over = (values: Tensor[]) => values.reduce((x, y) => maximum(x, y));
    const difference = over(a.map((output, i) => max(abs(sub(output, b[i] as Tensor)))));
    const [first, second] = [argMax(a[0] as Tensor, -1), argMax(b[0] as Tensor, -1)];
    const size = over(a.map((output) => max(abs(output))));
    return stack([difference, size, mean(cast(equal(first, second), 'float32'))]);
  });
  try {
    const [maxDifference = NaN, size = NaN, agreement = NaN] = await found.data();
    const relativeDifference = maxDifference === 0 ? 0 : maxDifference / size;
    return { samples: inputTensors(inputs)[0]?.shape[0] ?? 0, maxDifference, relativeDifference, agreement };
  } finally {
    found.dispose();
  }
}

function outputsOf(model: LayersModel, inputs: Inputs): Tensor[] {
  const outputs = model.predict(isTensor(inputs) ? inputs : inputsInOrder(model, inputs));
  return Array.isArray(outputs) ? outputs : [outputs];
}

function inputsInOrder(model: LayersModel, inputs: Exclude<Inputs, Tensor>): Tensor[] {
  if (Array.isArray(inputs)) return [...(inputs as readonly Tensor[])];
  return model.inputNames.map((name) => (inputs as Record<string, Tensor>)[name] as Tensor);
}
