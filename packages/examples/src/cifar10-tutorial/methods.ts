import { type CriterionLike, labelsOnly } from '@tfjs-distill/core';
import {
  activationPattern,
  attentionTransfer,
  cosineHidden,
  flowOfSolution,
  gradientMatching,
  hint,
  knowledgeDistillation,
  relational,
} from '@tfjs-distill/losses';

/** A way of training the student. */
export interface Method {
  /** Folder of its student. */
  readonly id: string;
  readonly name: string;
  /** What the tutorial reports, %. */
  readonly source?: string;
  /** What its code gave in PyTorch on this project's machine, teacher of 5 epochs, one seed, %. */
  readonly peer?: string;
  /** Called once per student: criteria with adapters hold state. */
  readonly criterion: () => CriterionLike;
}

const SHARES = { taskWeight: 0.75, weight: 0.25 }; // the tutorial's, for all of its losses

/** What the tutorial runs. */
export const TUTORIAL: readonly Method[] = [
  {
    id: 'alone',
    name: 'student, cross-entropy',
    source: '70.58',
    peer: '69.81',
    criterion: () => labelsOnly,
  },
  {
    id: 'soft-targets',
    name: 'soft targets, T 2',
    peer: '70.53',
    criterion: () => knowledgeDistillation({ temperature: 2, taskWeight: 0.75, softWeight: 0.25 }),
  },
  {
    id: 'cosine',
    name: 'cosine of the pooled hidden layer',
    peer: '69.25',
    criterion: () => cosineHidden({ student: 'flatten', teacher: 'flatten', ...SHARES }),
  },
  {
    id: 'regressor',
    name: 'regressor of the feature map',
    peer: '69.54',
    criterion: () => hint({ student: 'pool2', teacher: 'pool2', adapter: 'conv3x3', ...SHARES }),
  },
];

const POOLS = { student: ['pool1', 'pool2'], teacher: ['pool1', 'pool2'] };

/** What it names as further matchings and leaves to the reader; weights are the papers'. */
export const EXTENSIONS: readonly Method[] = [
  { id: 'attention', name: 'attention maps', criterion: () => attentionTransfer(POOLS) },
  {
    id: 'sparsity',
    name: 'sparsity patterns',
    criterion: () => activationPattern({ student: 'conv2', teacher: 'conv4', ...SHARES }),
  },
  { id: 'flow', name: 'flow between layers (FSP)', criterion: () => flowOfSolution(POOLS) },
  {
    id: 'relations',
    name: 'relations between samples',
    criterion: () => relational({ student: 'flatten', teacher: 'flatten' }),
  },
  { id: 'gradients', name: 'input gradients', criterion: () => gradientMatching({ weight: 0.1 }) },
];
