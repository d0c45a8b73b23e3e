import { type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DistillError } from '../errors.js';
import { callOf, callsTo } from './computation.js';

/** A shallow classifier of a model with exits. */
export interface Exit {
  /** The layer that gives its logits. */
  readonly name: string;
  /** The layer of the body that it reads. */
  readonly after: string;
  /** `[null, classes]`. */
  readonly logits: SymbolicTensor;
}

/**
 * The exits of a model, shallow to deep, without the deepest classifier, which is the model's first output.
 *
 * Found by the model's structure, so it also knows a model that was saved and loaded, or written with exits by hand: every
 * further output with as many classes is an exit.
 *
 * @returns None for a model with one output.
 * @example
 * exitsOf(attachExits(model, [{ after: 'conv2', head: 'pool' }])); // [{ name: 'exit_conv2', after: 'conv2', … }]
 */
export function exitsOf(model: LayersModel): readonly Exit[] {
  const [deepest, ...others] = model.outputs as [SymbolicTensor, ...SymbolicTensor[]];
  const body = callsTo([deepest]);
  const place = (exit: SymbolicTensor) => {
    const own = callsTo([exit], new Set(body));
    const read = own.flatMap(({ inputTensors }) =>
      inputTensors.map((tensor) => body.indexOf(callOf(tensor))),
    );
    return own.length > 0 ? Math.max(...read) : body.indexOf(callOf(exit));
  };
  return others
    .filter(({ shape }) => shape.join() === deepest.shape.join())
    .map((logits) => ({ logits, name: logits.sourceLayer.name, place: place(logits) }))
    .sort((a, b) => a.place - b.place)
    .map(({ logits, name, place }) => ({ name, after: body[place]?.outboundLayer.name ?? name, logits }));
}

/** As `exitsOf`, for those who cannot do without. */
export function someExitsOf(model: LayersModel, where: string): readonly Exit[] {
  const exits = exitsOf(model);
  if (exits.length > 0) return exits;
  throw new DistillError('OPTION', `Model "${model.name}" has no exits.`, {
    where,
    hint: 'Attach some with attachExits(model, [{ after, head }]).',
  });
}
