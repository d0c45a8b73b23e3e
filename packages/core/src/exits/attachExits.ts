import {
  layers,
  type LayersModel,
  model as functionalModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { DistillError, expected, shapeMismatch } from '../errors.js';
import { layerAddress } from '../models/layerAddress.js';
import { layersModelSignature, probabilityLayer } from '../models/layersModel.js';
import { callOf, callsTo, type LayerCall } from './computation.js';
import { exitsOf } from './Exit.js';
import { deepestFeature, exitName } from './exitNames.js';
import { HEAD_BUILDERS, type HeadName, HEADS } from './heads.js';

export interface ExitSpec {
  /** Name of the layer of the model that the exit reads; on the way to the model's output. */
  readonly after: string;
  /**
   * What turns its feature into logits:
   * `'pool'` global average pooling and a dense layer;
   * `'bottleneck'` convolutions to the deepest feature's shape first;
   * `'attention'` an attention module before those;
   * or a function of your own, from the feature to logits `[null, classes]`.
   */
  readonly head: HeadName | ((x: SymbolicTensor) => SymbolicTensor);
}

export interface AttachOptions {
  /** Of the heads' initial weights, a whole number. Default 0. */
  readonly seed?: number;
}

const WHERE = 'attachExits';

/**
 * Adds shallow classifiers to a model: one model with an output for each exit.
 *
 * The first output is the model's own, with the very same numbers; then come the exits, shallow to deep. Body and exits share
 * their layers and weights with the given model, which still runs by itself. Exits are named `exit_<layer>`; the layer that is
 * named `feature_exit_<layer>`, if there is one, is what self-distillation compares.
 *
 * @param model A LayersModel that ends in logits `[null, classes]`, with or without exits.
 * @param exits One exit or more, each after another layer.
 * @returns The model with exits. Dispose it, not the given one: that frees both.
 * @throws DistillError for a layer that is unknown (nearest name offered), is not on the way to the output, runs twice, or has
 *   an exit already; for a head that is unknown or does not give the classes; for a model that ends in probabilities.
 *
 * @example
 * const student = attachExits(model, [{ after: 'conv2', head: 'pool' }, { after: 'conv3', head: 'attention' }]);
 * student.outputNames; // ['logits', 'exit_conv2', 'exit_conv3']
 *
 * @see Zhang, Bao, Ma, "Self-Distillation: Towards Efficient and Compact Neural Networks", https://doi.org/10.1109/TPAMI.2021.3067100 (2021)
 */
export function attachExits(
  model: LayersModel,
  exits: readonly ExitSpec[],
  { seed = 0 }: AttachOptions = {},
): LayersModel {
  const inputs = checked(model, exits);
  const before = new Set(callsTo(model.outputs));
  const made: SymbolicTensor[] = [];
  try {
    for (const [i, exit] of exits.entries()) {
      made.push(logitsOf(model, exit, inputs[i] as SymbolicTensor, seed));
      checkClasses(model, exit, made.at(-1) as SymbolicTensor);
    }
    const outputs = [...model.outputs, ...made];
    const all = functionalModel({ name: model.name, inputs: model.inputs, outputs });
    return inOrder(all);
  } catch (error) {
    disposeCalls(callsTo(made, before));
    throw error;
  }
}

/** The tensors that the exits read. */
function checked(model: LayersModel, exits: readonly ExitSpec[]): SymbolicTensor[] {
  if (!(exits?.length > 0))
    throw expected('exits', 'a list of one or more { after, head }', exits, { where: WHERE });
  checkModel(model);
  const body = new Set(callsTo([model.outputs[0] as SymbolicTensor]));
  const taken = new Set(exitsOf(model).map(({ name }) => name));
  return exits.map(({ after, head }) => {
    checkHead(head);
    const tensor = tensorAfter(model, after);
    if (!body.has(callOf(tensor))) {
      throw new DistillError(
        'OPTION',
        `Layer "${after}" is not on the way to the output of "${model.name}".`,
        {
          where: WHERE,
          hint: 'Its exit would teach nothing to the classifier: take a layer that the output depends on.',
        },
      );
    }
    if (tensor === model.outputs[0])
      throw expected('after', 'a layer before the output', after, { where: WHERE });
    if (taken.has(exitName(after)))
      throw new DistillError('OPTION', `There are two exits after layer "${after}".`, { where: WHERE });
    taken.add(exitName(after));
    return tensor;
  });
}

function tensorAfter(model: LayersModel, after: string): SymbolicTensor {
  const address = layerAddress(model, after);
  if ('output' in address) return address.output;
  throw new DistillError('OPTION', `Layer "${after}" is inside of a nested model.`, {
    where: WHERE,
    hint: `Attach the exit to "${address.nested.name}" before it is nested, or after "${address.nested.name}" as a whole.`,
  });
}

function checkModel(model: LayersModel): void {
  const { output } = layersModelSignature(model);
  if (output?.length !== 2 || output[1] === null)
    throw shapeMismatch('a model with one vector of logits', { output: output ?? [] }, { where: WHERE });
  const softened = probabilityLayer(model);
  if (softened === undefined) return;
  throw new DistillError('OPTION', `Layer "${softened}" of the model ends in probabilities.`, {
    where: WHERE,
    hint: 'Exits need logits: leave the last activation out and apply it where you predict.',
  });
}

function checkHead(head: ExitSpec['head']): void {
  if (typeof head === 'function' || HEADS.includes(head)) return;
  const names = HEADS.map((name) => `'${name}'`).join(', ');
  throw expected('head', `${names} or a function (x) => logits`, head, { where: WHERE });
}

function logitsOf(
  model: LayersModel,
  { after, head }: ExitSpec,
  x: SymbolicTensor,
  seed: number,
): SymbolicTensor {
  if (typeof head === 'function') {
    const logits = head(x);
    const named = layers.activation({ activation: 'linear', name: exitName(after) });
    return named.apply(logits) as SymbolicTensor;
  }
  const signature = layersModelSignature(model);
  const deepest = signature.features?.[deepestFeature(signature, x.rank) ?? after] ?? x.shape;
  const classes = model.outputs[0]?.shape.at(-1) ?? 1;
  return HEAD_BUILDERS[head](x, { after, classes, deepest, seed });
}

function checkClasses(model: LayersModel, { after }: ExitSpec, logits: SymbolicTensor): void {
  const output = model.outputs[0]?.shape ?? [];
  if (logits.shape.join() === output.join()) return;
  const shapes = { [exitName(after)]: logits.shape, output };
  throw shapeMismatch('an exit with as many classes as the model', shapes, { where: WHERE });
}

/** Exits shallow to deep, then outputs that are none. */
function inOrder(model: LayersModel): LayersModel {
  const [deepest, ...others] = model.outputs as [SymbolicTensor, ...SymbolicTensor[]];
  const exits = exitsOf(model).map(({ logits }) => logits);
  const rest = others.filter((output) => !exits.includes(output));
  return functionalModel({ name: model.name, inputs: model.inputs, outputs: [deepest, ...exits, ...rest] });
}

/** Frees the weights of the heads that were made before one of them failed. */
function disposeCalls(calls: readonly LayerCall[]): void {
  for (const { outboundLayer } of calls) outboundLayer.dispose();
}
