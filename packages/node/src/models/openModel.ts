import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type GraphModel } from '@tensorflow/tfjs-converter';
import { type io } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { fileSystem } from '../io/fileSystem.js';

const WHERE = 'openModel';

/**
 * Opens a TensorFlow.js model from disk, of layers or as a graph, whichever its `model.json` says.
 *
 * @param location A model's folder or its `model.json`, with or without `file://`; relative to the working folder.
 * @returns The model. The caller owns it: `dispose()` when done.
 * @throws DistillError `DATA`: nothing there, a folder without a model, a file that is none, a model whose weights are
 *   missing, cut short or another model's, a layer that is not registered.
 *
 * @example
 * const model = await openModel('models/teacher'); // models/teacher/model.json
 */
export async function openModel(location: string): Promise<LayersModel | GraphModel> {
  const place = location.replace(/^file:\/\//, '');
  await checkPlace(place);
  const artifacts = await (fileSystem(place).load as () => Promise<io.ModelArtifacts>)();
  const handler: io.IOHandler = { load: () => Promise.resolve(artifacts) };
  try {
    return isGraph(artifacts) ? await openGraph(handler) : await openLayers(handler);
  } catch (cause) {
    const hint = 'It is damaged, or needs layers or operations that are not registered.';
    throw new DistillError('DATA', `${place} cannot be opened: ${messageOf(cause)}.`, {
      where: WHERE,
      hint,
      cause,
    });
  }
}

async function openLayers(handler: io.IOHandler): Promise<LayersModel> {
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  return loadLayersModel(handler);
}

async function openGraph(handler: io.IOHandler): Promise<GraphModel> {
  const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
  return loadGraphModel(handler);
}

/** Converted graphs list their nodes; old files of either kind lack the `format`. */
function isGraph({ format, modelTopology }: io.ModelArtifacts): boolean {
  if (format !== undefined) return format === 'graph-model';
  return Array.isArray((modelTopology as { node?: unknown } | undefined)?.node);
}

async function checkPlace(place: string): Promise<void> {
  const hint = 'Give the folder or the model.json that model.save or tensorflowjs_converter wrote.';
  const found = await stat(place).catch(() => undefined);
  if (found === undefined) {
    throw new DistillError('DATA', `There is no model at ${place}.`, { where: WHERE, hint });
  }
  if (!found.isDirectory()) return;
  const model = await stat(path.join(place, 'model.json')).catch(() => undefined);
  if (model?.isFile()) return;
  const savedModel = await stat(path.join(place, 'saved_model.pb')).catch(() => undefined);
  throw new DistillError('DATA', `The folder ${place} holds no model.json.`, {
    where: WHERE,
    hint: savedModel ? 'It is a TensorFlow SavedModel: convert it with tensorflowjs_converter first.' : hint,
  });
}
