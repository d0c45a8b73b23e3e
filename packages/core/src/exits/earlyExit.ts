import { type NamedTensorMap, softmax, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { batchSize, type Inputs, inputTensors, isTensor } from '../Batch.js';
import { expected, unknownName } from '../errors.js';
import { checkInput } from '../models/checkInput.js';
import { callsTo, type Values } from './computation.js';
import { exitBlocks } from './exitBlocks.js';
import { exitCosts } from './exitCosts.js';
import { runBlocks } from './runBlocks.js';

const WHERE = 'earlyExit';

export interface EarlyExitOptions {
  /** Cost of an answer by where it leaves, shallow to deep, the deepest last. Default: `exitCosts(model)`. */
  readonly costs?: readonly number[];
}

export interface EarlyPredictOptions {
  /**
   * A sample leaves at the first exit whose highest probability is at least this, ≥ 0. At 1 and above all samples go through
   * the whole model and no exit is computed.
   */
  readonly threshold: number;
}

/** What early exits answer. The caller owns both tensors. */
export interface EarlyPrediction {
  /** `[batch, classes]`, each sample's from where it left. */
  readonly logits: Tensor2D;
  /** Their softmax, `[batch, classes]`. */
  readonly probabilities: Tensor2D;
  /** Where each sample left: an index into `names`, shallow to deep. `[batch]`. */
  readonly exits: Int32Array;
  /** Mean cost of a sample, as a share of the model without exits. */
  readonly cost: number;
}

/** Answers with as few layers as each sample needs. Holds no tensors: nothing to dispose. */
export interface EarlyExit {
  /** Layers that give the logits, shallow to deep, the deepest classifier last. */
  readonly names: readonly string[];
  /** What an answer costs by where it leaves, one for each of `names`. */
  readonly costs: readonly number[];
  /**
   * Runs a batch block by block. After each exit the confident samples leave, and the rest go on as a smaller batch.
   *
   * Each exit's confidences are read back, which a GPU has to wait for.
   *
   * @param x The model's input; stays yours.
   * @throws DistillError if the threshold is no number of at least 0, or the input does not fit.
   */
  predictEarlyExit(x: Inputs, options: EarlyPredictOptions): Promise<EarlyPrediction>;
}

/**
 * Dynamic inference: makes of a model with exits what stops at the first confident one.
 *
 * @param model A model with exits; stays yours, and has to live as long as it is used here.
 * @throws DistillError if the model has no exits, masks time steps, or has a layer whose cost cannot be counted.
 *
 * @example
 * const fast = earlyExit(student);
 * const { probabilities, exits, cost } = await fast.predictEarlyExit(images, { threshold: 0.9 });
 * exits; // [0, 0, 2, 1]: two samples left at the first exit
 * cost; // 0.44 of the whole model's operations
 *
 * @see Teerapittayanon, McDanel, Kung, "BranchyNet", https://arxiv.org/abs/1709.01686 (2016)
 */
export function earlyExit(model: LayersModel, options: EarlyExitOptions = {}): EarlyExit {
  const blocks = exitBlocks(model);
  const costs = options.costs ?? exitCosts(model);
  if (costs.length !== blocks.length) {
    const rule = `${blocks.length} numbers, one for each exit and one for the deepest`;
    throw expected('costs', rule, costs.length, { where: WHERE });
  }
  const deepest = model.outputs[0] as SymbolicTensor;
  const whole = [{ name: model.name, calls: callsTo([deepest]), logits: deepest, live: [] }];
  return {
    names: blocks.map(({ name }) => name),
    costs,
    predictEarlyExit: async (x, { threshold }) => {
      if (!(threshold >= 0))
        throw expected('threshold', 'a number of at least 0', threshold, { where: WHERE });
      const early = threshold < 1;
      const [samples, values] = [batchSize({ x }), inputValues(model, x)];
      const answer = await runBlocks(early ? blocks : whole, values, samples, threshold);
      const exits = early ? answer.exits : answer.exits.fill(blocks.length - 1);
      const spent = exits.reduce((sum, exit) => sum + (early ? (costs[exit] ?? 1) : 1), 0);
      return { logits: answer.logits, probabilities: softmax(answer.logits), exits, cost: spent / samples };
    },
  };
}

/** The model's input tensors by the ids of its inputs. */
function inputValues(model: LayersModel, x: Inputs): Values {
  const byName = !isTensor(x) && !Array.isArray(x);
  const tensors = byName ? model.inputNames.map((name) => named(x, name)) : inputTensors(x);
  checkInput(tensors, { inputs: model.inputs.map(({ shape }) => shape) }, `model "${model.name}"`);
  return new Map(model.inputs.map(({ id }, i) => [id, tensors[i] as Tensor]));
}

function named(x: Inputs, name: string): Tensor {
  const tensor = (x as NamedTensorMap)[name];
  if (tensor !== undefined) return tensor;
  throw unknownName('input', name, Object.keys(x), { where: WHERE });
}
