import { cast, dispose, getBackend, type NamedTensorMap, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  DistillError,
  type Inputs,
  messageOf,
  type ModelSignature,
  type Shape,
  teacherInput,
  type TeacherSource,
  unknownName,
} from '@tfjs-distill/core';
import { loadedTfjsNode } from '../../native/loadTfjsNode.mjs';
import { loadOptional } from './loadOptional.js';

export interface SavedModelOptions {
  /** Name in reports and messages. Default: the folder's. */
  readonly name?: string | undefined;
  /** Output with the logits or probabilities. Default: the only one, or the one called `logits`. */
  readonly logits?: string | undefined;
  /** Which of its functions is called. Default `serving_default`. */
  readonly signature?: string | undefined;
}

/**
 * A teacher from a SavedModel of TensorFlow or Keras (`model.export(folder)`), run by TensorFlow itself. Outputs of
 * its signature other than the logits are features, by name.
 *
 * Needs the native engine.
 *
 * @returns Source; dispose it when done.
 * @throws DistillError `ENGINE` on any other engine, `DATA` if the folder holds no such model.
 *
 * @example
 * await selectEngine({ engine: 'tensorflow' });
 * const teacher = await savedModelTeacher('models/resnet', { logits: 'output_0' });
 */
export async function savedModelTeacher(
  folder: string,
  options: SavedModelOptions = {},
): Promise<TeacherSource> {
  const { name = folder, signature = 'serving_default' } = options;
  const { node } = nativeTensorflow(folder);
  const { ports, model } = await open(node, folder, signature);
  const outputs = Object.keys(ports.outputs);
  const logits = logitsOf(outputs, options.logits, folder);
  return {
    name,
    signature: signatureOf(ports, logits),
    outputs: (batch, taps = []) => {
      for (const tap of taps)
        if (!outputs.includes(tap)) throw unknownName('output', tap, outputs, { where: folder });
      const said = run(model, ports.inputs, teacherInput(batch), folder);
      const wanted = [logits, ...taps];
      dispose(outputs.filter((output) => !wanted.includes(output)).map((output) => said[output] as Tensor));
      return {
        logits: said[logits] as Tensor,
        features: Object.fromEntries(taps.map((tap) => [tap, said[tap] as Tensor])),
      };
    },
    dispose: () => model.dispose(),
  };
}

/** The part of tfjs-node that runs SavedModels. */
interface TfjsNode {
  readonly node: {
    getMetaGraphsFromSavedModel(
      path: string,
    ): Promise<
      { readonly tags: readonly string[]; readonly signatureDefs: Readonly<Record<string, RawPorts>> }[]
    >;
    loadSavedModel(path: string, tags: readonly string[], signature: string): Promise<SavedModel>;
  };
}

interface SavedModel {
  predict(inputs: NamedTensorMap): NamedTensorMap;
  dispose(): void;
}

interface RawPort {
  readonly dtype: string;
  readonly shape: readonly { getSize(): number }[];
}

interface RawPorts {
  readonly inputs: Readonly<Record<string, RawPort>>;
  readonly outputs: Readonly<Record<string, RawPort>>;
}

function nativeTensorflow(folder: string): TfjsNode {
  const engine = getBackend();
  if (engine !== 'tensorflow')
    throw new DistillError(
      'ENGINE',
      `A SavedModel runs on the native TensorFlow engine, and this one is ${engine}.`,
      {
        where: folder,
        hint: 'Type `npx distill engine install` and choose it by DISTILL_ENGINE=tensorflow; or convert the model by tensorflowjs_converter, or put it on a model server.',
      },
    );
  return (loadedTfjsNode() ?? loadOptional('@tensorflow/tfjs-node', 'SavedModels')) as TfjsNode;
}

async function open(node: TfjsNode['node'], folder: string, signature: string) {
  try {
    const [graph] = await node.getMetaGraphsFromSavedModel(folder);
    const ports = graph?.signatureDefs[signature];
    if (graph === undefined || ports === undefined)
      throw unknownName('signature', signature, Object.keys(graph?.signatureDefs ?? {}), { where: folder });
    return { ports, model: await node.loadSavedModel(folder, graph.tags, signature) };
  } catch (cause) {
    if (cause instanceof DistillError) throw cause;
    throw new DistillError('DATA', `${folder} cannot be opened: ${firstLine(messageOf(cause))}`, {
      where: 'savedModelTeacher',
      hint: 'Give the folder that holds saved_model.pb.',
      cause,
    });
  }
}

function run(model: SavedModel, inputs: RawPorts['inputs'], x: Inputs, folder: string): NamedTensorMap {
  const names = Object.keys(inputs);
  return tidy(() => {
    const given = 'dataId' in x ? [x as Tensor] : x;
    const named = names.map((name, i) => {
      const tensor = Array.isArray(given) ? (given as readonly Tensor[])[i] : (given as NamedTensorMap)[name];
      if (tensor !== undefined) return [name, cast(tensor, (inputs[name] as RawPort).dtype as 'float32')];
      throw new DistillError('SHAPE', `Expected inputs ${names.join(', ')}, got none for "${name}".`, {
        where: folder,
      });
    });
    try {
      return model.predict(Object.fromEntries(named) as NamedTensorMap);
    } catch (cause) {
      throw new DistillError('TEACHER', `SavedModel ${folder}: ${firstLine(messageOf(cause))}`, { cause });
    }
  });
}

function logitsOf(outputs: readonly string[], wanted: string | undefined, folder: string): string {
  const chosen = wanted ?? (outputs.length === 1 ? outputs[0] : 'logits');
  if (chosen !== undefined && outputs.includes(chosen)) return chosen;
  throw unknownName('output', chosen ?? '', outputs, {
    where: folder,
    hint: `Say by \`logits\` which output has them: ${outputs.join(', ')}.`,
  });
}

function signatureOf({ inputs, outputs }: RawPorts, logits: string): ModelSignature {
  const others = Object.entries(outputs).filter(([name]) => name !== logits);
  return {
    inputs: Object.values(inputs).map(shapeOf),
    output: shapeOf(outputs[logits] as RawPort),
    features: Object.fromEntries(others.map(([name, port]) => [name, shapeOf(port)])),
  };
}

/** −1 stands for a size that is free. */
function shapeOf({ shape }: RawPort): Shape {
  return shape.map((size) => (size.getSize() < 0 ? null : size.getSize()));
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;
