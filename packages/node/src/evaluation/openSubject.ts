import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type GraphModel } from '@tensorflow/tfjs-converter';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { openModel } from '../models/openModel.js';
import { type OpenedTeacher, openTeacher } from '../teachers/openTeacher.js';

/**
 * Opens whatever can be evaluated: a model of TensorFlow.js as itself, so that its size and speed are known, and
 * everything else as `openTeacher` does.
 *
 * @returns Dispose it when done.
 */
export async function openSubject(spec: string): Promise<LayersModel | GraphModel | OpenedTeacher> {
  const file = await stat(join(spec, 'model.json')).catch(() => undefined);
  return file?.isFile() || spec.endsWith('.json') ? openModel(spec) : openTeacher(spec);
}
