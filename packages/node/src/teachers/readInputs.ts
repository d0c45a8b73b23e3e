import { type Tensor } from '@tensorflow/tfjs-core';
import { DistillError, type Inputs, shapeMismatch } from '@tfjs-distill/core';
import { type ModelPort, type ModelRuntime, type PortValues } from './ModelRuntime.js';

/**
 * A batch's inputs read from the device, one for each of the model's: by position, or by name where the batch has names.
 *
 * @throws DistillError `SHAPE` if their number or the shape of a sample does not fit.
 */
export async function readInputs(x: Inputs, runtime: ModelRuntime): Promise<readonly PortValues[]> {
  const tensors = matched(x, runtime);
  return Promise.all(
    tensors.map(async ([port, tensor]) => {
      checkShape(runtime, port, tensor);
      const { shape } = tensor;
      return { name: port.name, datatype: port.datatype, shape, values: await tensor.data() };
    }),
  );
}

function matched(
  x: Inputs,
  { description, inputs }: ModelRuntime,
): readonly (readonly [ModelPort, Tensor])[] {
  const named = 'dataId' in x ? [x as Tensor] : x;
  return inputs.map((port, i) => {
    const tensor = Array.isArray(named)
      ? (named as readonly Tensor[])[i]
      : (named as Record<string, Tensor>)[port.name];
    if (tensor !== undefined) return [port, tensor];
    const names = inputs.map(({ name }) => name).join(', ');
    throw new DistillError('SHAPE', `Expected inputs ${names}, got none for "${port.name}".`, {
      where: description,
    });
  });
}

function checkShape({ description }: ModelRuntime, port: ModelPort, { shape }: Tensor): void {
  const wanted = port.shape;
  if (wanted === undefined) return;
  const fits =
    wanted.length === shape.length &&
    wanted.every((size, i) => i === 0 || size === null || size === shape[i]);
  if (fits) return;
  throw shapeMismatch(
    'the input to have the shape that the model takes',
    { input: shape, [port.name]: [null, ...wanted.slice(1)] },
    { where: description, hint: 'Convert it by `preprocess` (layout, scale) or `input`.' },
  );
}
