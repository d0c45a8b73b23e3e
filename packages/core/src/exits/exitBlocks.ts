import { type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DistillError } from '../errors.js';
import { callsTo, type LayerCall } from './computation.js';
import { someExitsOf } from './Exit.js';

/** What runs between one exit and the next. */
export interface ExitBlock {
  /** The layer that gives its logits. */
  readonly name: string;
  /** Calls of layers, in order. */
  readonly calls: readonly LayerCall[];
  readonly logits: SymbolicTensor;
  /** What later blocks need of the model so far. */
  readonly live: readonly SymbolicTensor[];
}

/**
 * Cuts a model at its exits: each block computes what its exit needs and no earlier block has computed. The last one ends in
 * the deepest classifier.
 *
 * @throws DistillError if the model has no exits, or masks time steps.
 */
export function exitBlocks(model: LayersModel): readonly ExitBlock[] {
  const exits = someExitsOf(model, 'earlyExit');
  checkMasks(model);
  const deepest = model.outputs[0] as SymbolicTensor;
  const targets = [...exits, { name: deepest.sourceLayer.name, logits: deepest }];
  const done = new Set<LayerCall>();
  const pieces = targets.map(({ name, logits }) => {
    const calls = callsTo([logits], done);
    for (const call of calls) done.add(call);
    return { name, logits, calls };
  });
  return pieces.map((piece, i) => ({ ...piece, live: cut(pieces.slice(0, i + 1), pieces.slice(i + 1)) }));
}

type Piece = Pick<ExitBlock, 'calls' | 'logits'>;

/** Tensors that the pieces behind need and those before compute. */
function cut(before: readonly Piece[], behind: readonly Piece[]): SymbolicTensor[] {
  const computed = new Set(
    before.flatMap(({ calls }) => calls.flatMap(({ outputTensors }) => outputTensors)),
  );
  const needed = behind.flatMap(({ calls, logits }) => [
    ...calls.flatMap((call) => call.inputTensors),
    logits,
  ]);
  return [...new Set(needed)].filter((tensor) => computed.has(tensor));
}

/** A mask goes from layer to layer beside the tensors, and blocks hand on tensors alone. */
function checkMasks(model: LayersModel): void {
  const masks = model.layers.find((layer) => {
    const { maskZero } = layer.getConfig() as { maskZero?: boolean };
    return layer.getClassName() === 'Masking' || maskZero === true;
  });
  if (masks === undefined) return;
  throw new DistillError('OPTION', `Layer "${masks.name}" masks time steps, which early exits do not know.`, {
    where: 'earlyExit',
    hint: 'Run the whole model with predict, or export it up to an exit with exportExits(model, { upTo }).',
  });
}
