import { type Inputs, inputTensors } from '../Batch.js';
import { shapeMismatch } from '../errors.js';
import { type ModelSignature, type Shape } from './ModelSignature.js';

/** Refuses an input whose shape the model does not take, before the model's own message does. */
export function checkInput(x: Inputs, { inputs }: ModelSignature, model: string): void {
  if (inputs === undefined) return;
  const tensors = inputTensors(x);
  for (const [i, wanted] of inputs.entries()) {
    const got = tensors[i]?.shape ?? [];
    if (!fits(got, wanted)) {
      throw shapeMismatch(`the input of ${model} to have its shape`, { input: got, [model]: wanted });
    }
  }
}

function fits(got: Shape, wanted: Shape): boolean {
  return got.length === wanted.length && wanted.every((size, i) => size === null || size === got[i]);
}
