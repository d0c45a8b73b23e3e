import { type LayersModel, model as functionalModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DistillError } from '../errors.js';
import { countFlops, totalFlops } from '../metrics/countFlops.js';
import { someExitsOf } from './Exit.js';

/**
 * What an answer costs, by where it leaves: floating-point operations of all that has run by then, exits that were tried in
 * vain included, as a share of the model without exits.
 *
 * @returns One number an exit, shallow to deep, the last for the deepest classifier: a little above 1, for the exits that
 *   were tried before.
 * @throws DistillError if the model has no exits, or the cost of a layer cannot be counted.
 *
 * @example
 * exitCosts(student); // [0.13, 0.46, 1.05]
 */
export function exitCosts(model: LayersModel): number[] {
  const [deepest] = model.outputs as [SymbolicTensor];
  const exits = [...someExitsOf(model, 'exitCosts').map(({ logits }) => logits), deepest];
  const body = flopsTo(model, [deepest]);
  return exits.map((_, i) => flopsTo(model, exits.slice(0, i + 1)) / body);
}

function flopsTo(model: LayersModel, outputs: SymbolicTensor[]): number {
  const layers = countFlops(functionalModel({ inputs: model.inputs, outputs }));
  const total = totalFlops(layers);
  if (total !== undefined) return total;
  const unknown = layers.find(({ flops }) => flops === undefined)?.name;
  throw new DistillError(
    'OPTION',
    `The cost of layer "${unknown}" of model "${model.name}" cannot be counted.`,
    {
      where: 'exitCosts',
      hint: 'Give the costs yourself: earlyExit(model, { costs }), a share of the whole model for each exit.',
    },
  );
}
