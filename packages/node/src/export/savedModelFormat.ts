import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Tensor } from '@tensorflow/tfjs-core';
import { expected } from '@tfjs-distill/core';
import { savedModelTeacher } from '../teachers/savedModelTeacher.js';
import { type ExportFormat } from './ExportFormat.js';
import { savedModelOf } from './savedModel/savedModelOf.js';

/** TensorFlow's: saved_model.pb with the weights in it. */
export const savedModelFormat: ExportFormat = {
  write: async (model, folder, { quantize, inputs }) => {
    if (quantize !== undefined)
      throw expected('quantize', 'left out for a SavedModel', quantize, { where: 'exportStudent' });
    const shapes = inputs.map(({ shape }) => shape.slice(1));
    await writeFile(path.join(folder, 'saved_model.pb'), savedModelOf(model, shapes));
  },
  outputs: async ({ inputNames, outputNames }, folder, inputs) => {
    const [logits = '', ...others] = outputNames;
    const written = await savedModelTeacher(folder, { logits });
    try {
      const x = Object.fromEntries(inputNames.map((name, i) => [name, inputs[i] as Tensor]));
      const said = await written.outputs({ x }, others);
      return [said.logits, ...others.map((name) => said.features[name] as Tensor)];
    } finally {
      written.dispose?.();
    }
  },
};
