import { randomNormal, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { DistillError } from '@tfjs-distill/core';

const SAMPLES = 16;
const SEED = 1;

/**
 * Inputs of a model's shape, the same in every run.
 *
 * @returns One standard-normal tensor an input, 16 samples. The caller owns them.
 * @throws DistillError `OPTION` if the model leaves a size free or does not take floats.
 */
export function randomInputs(model: LayersModel): Tensor[] {
  const odd = model.inputs.find(({ shape, dtype }) => shape.slice(1).includes(null) || dtype !== 'float32');
  if (odd !== undefined) {
    throw new DistillError(
      'OPTION',
      `Input "${odd.name}" of the model has a free size or a type of its own.`,
      {
        where: 'exportStudent',
        hint: 'Pass inputs as `sample`.',
      },
    );
  }
  return model.inputs.map(({ shape }, i) =>
    randomNormal([SAMPLES, ...(shape.slice(1) as number[])], 0, 1, 'float32', SEED + i),
  );
}
