import { type LayersModel, model as functionalModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { unknownName } from '../errors.js';
import { exitsOf } from './Exit.js';

export interface ExportExitsOptions {
  /** Names of the exits to keep, as outputs behind the first. Default none. */
  readonly keep?: readonly string[];
  /** The exit that becomes the model's first output: what lies deeper is left out. Default the deepest classifier. */
  readonly upTo?: string;
}

/**
 * A model with exits as it is to be shipped: without them, with chosen ones, or only up to one.
 *
 * Without options the weights are those of the model before `attachExits`, in the same order, and so its saved bytes are
 * those that it would have by itself.
 *
 * @returns A model that shares its layers with the given one. Save it; dispose the given one.
 * @throws DistillError if there is no such exit (nearest name offered).
 *
 * @example
 * await exportExits(student).save(handler); // the body alone
 * await exportExits(student, { keep: ['exit_conv3'] }).save(handler);
 * await exportExits(student, { upTo: 'exit_conv2' }).save(handler); // a smaller network: conv1, conv2 and their exit
 */
export function exportExits(model: LayersModel, { keep = [], upTo }: ExportExitsOptions = {}): LayersModel {
  const exits = exitsOf(model);
  const find = (name: string): SymbolicTensor => {
    const exit = exits.find((candidate) => candidate.name === name);
    if (exit !== undefined) return exit.logits;
    const names = exits.map((candidate) => candidate.name);
    throw unknownName('exit', name, names, { where: `model "${model.name}"` });
  };
  const deepest = upTo === undefined ? (model.outputs[0] as SymbolicTensor) : find(upTo);
  const kept = new Set(keep.map(find));
  kept.delete(deepest);
  const ordered = exits.map(({ logits }) => logits).filter((logits) => kept.has(logits));
  return functionalModel({ name: model.name, inputs: model.inputs, outputs: [deepest, ...ordered] });
}
