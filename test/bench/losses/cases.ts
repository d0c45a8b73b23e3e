import { conv2d, relu, type Scalar, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import * as L from '@tfjs-distill/losses';

/** Sizes of an input, channels last, and how it is filled. */
export interface InputSpec {
  readonly shape: readonly number[];
  /** Class numbers below this; else standard normal numbers. */
  readonly classes?: number;
}

/** Inputs by the names that the PyTorch functions of test/parity give them. */
type Inputs = Readonly<Record<string, Tensor>>;

/** One measurement: a loss at a size, the same on both sides. */
export interface LossCase {
  readonly type: string;
  readonly size: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** What gets a gradient. */
  readonly wrt: readonly string[];
  /** Options of PyTorch's function where they are not its defaults. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Why it has nothing to be compared with, if so. */
  readonly alone?: string;
  readonly loss: (inputs: Inputs) => Scalar;
}

const LOGITS = [
  [64, 10],
  [128, 100],
  [256, 1000],
] as const;
const MAP = { shape: [64, 8, 8, 128] };
const VECTOR = { shape: [64, 128] };
const KERNEL = { shape: [3, 3, 128, 128] };

const loops = 'the PyTorch function goes sample by sample, which nobody would train with';
const projector = 'the PyTorch function has the projector in it';
const network = 'the PyTorch function has a whole network in it';
const parts = 'the PyTorch function has the fusion modules in it';

/** A method's loss; `extra` inputs beside teacher, student and labels; what else is trained. */
interface Entry {
  readonly loss: (inputs: Record<'teacher' | 'student' | 'labels', Tensor> & Inputs) => Scalar;
  readonly extra?: (shape: readonly number[]) => Readonly<Record<string, InputSpec>>;
  readonly wrt?: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly alone?: string;
}

const onLogits: Readonly<Record<string, Entry>> = {
  kd: { loss: ({ teacher, student }) => L.kdLoss(teacher, student) },
  'logits-mse': { loss: ({ teacher, student }) => L.logitsMseLoss(teacher, student) },
  'reverse-kl': { loss: ({ teacher, student }) => L.reverseKlLoss(teacher, student) },
  jsd: { loss: ({ teacher, student }) => L.generalizedJsdLoss(teacher, student) },
  'top-k-kl': { loss: ({ teacher, student }) => L.topKKlLoss(teacher, student, { k: 8 }), options: { k: 8 } },
  dkd: { loss: ({ teacher, student, labels }) => L.decoupledKdLoss(teacher, student, labels) },
  dist: { loss: ({ teacher, student }) => L.distLoss(teacher, student) },
  'standardized-kd': { loss: ({ teacher, student }) => L.standardizedKdLoss(teacher, student) },
  ctkd: {
    loss: ({ teacher, student, parameter }) => L.curriculumTemperatureLoss(teacher, student, parameter!),
    extra: () => ({ parameter: { shape: [] } }),
    wrt: ['student', 'parameter'],
  },
  mlkd: { loss: ({ teacher, student }) => L.multiLevelKdLoss(teacher, student) },
  wsld: { loss: ({ teacher, student, labels }) => L.weightedSoftLabelsLoss(teacher, student, labels) },
  'tf-kd': { loss: ({ student, labels }) => L.virtualTeacherLoss(student, labels) },
  tvd: { loss: ({ teacher, student }) => L.totalVariationLoss(teacher, student) },
  dml: {
    loss: ({ student, peer1 }) => L.mutualLearningLoss([peer1!], student),
    extra: (shape) => ({ peer1: { shape } }),
  },
  byot: {
    loss: ({ teacher, exit1, exit2, labels }) =>
      L.beYourOwnTeacherLoss(teacher, [exit1!, exit2!], { labels }),
    extra: (shape) => ({ exit1: { shape }, exit2: { shape } }),
    wrt: ['exit1', 'exit2'],
  },
  'cs-kd': { loss: ({ student, labels }) => L.classwiseSelfLoss(student, { labels }), alone: loops },
};

const onMaps: Readonly<Record<string, Entry>> = {
  fitnet: { loss: ({ teacher, student }) => L.hintLoss(teacher, student) },
  cosine: { loss: ({ teacher, student }) => L.cosineHiddenLoss(teacher, student) },
  at: { loss: ({ teacher, student }) => L.attentionTransferLoss(teacher, student) },
  sp: { loss: ({ teacher, student }) => L.similarityPreservingLoss(teacher, student) },
  nst: { loss: ({ teacher, student }) => L.neuronSelectivityLoss(teacher, student) },
  fsp: {
    loss: ({ teacherBottom, teacherTop, bottom, top }) =>
      L.flowOfSolutionLoss([teacherBottom!, teacherTop!], [bottom!, top!]),
    extra: () => ({ teacherBottom: MAP, teacherTop: MAP, bottom: MAP, top: MAP }),
    wrt: ['bottom', 'top'],
  },
  vid: {
    loss: ({ teacher, student, rawVariances }) =>
      L.variationalInformationLoss(teacher, student, rawVariances!),
    extra: () => ({ rawVariances: { shape: [128] } }),
    wrt: ['student', 'rawVariances'],
  },
  ab: { loss: ({ teacher, student }) => L.activationBoundaryLoss(teacher, student) },
  ofd: { loss: ({ teacher, student }) => L.overhaulLoss(teacher, student) },
  ft: { loss: ({ teacher, student }) => L.factorTransferLoss(teacher, student) },
  'review-kd': { loss: ({ teacher, student }) => L.reviewKdLoss([teacher], [student]), alone: parts },
  cwd: { loss: ({ teacher, student }) => L.channelWiseLoss(teacher, student) },
  ickd: { loss: ({ teacher, student }) => L.interChannelCorrelationLoss(teacher, student) },
  mgd: {
    loss: ({ teacher, student, mask, conv1Kernel, conv2Kernel }) =>
      L.maskedGenerationLoss(teacher, student, {
        mask: mask!,
        generate: (x) => convolved(relu(convolved(x, conv1Kernel!)), conv2Kernel!),
      }),
    extra: () => ({ mask: { shape: [64, 8, 8, 1] }, conv1Kernel: KERNEL, conv2Kernel: KERNEL }),
    wrt: ['student', 'conv1Kernel', 'conv2Kernel'],
  },
  srd: { loss: ({ teacher, student }) => L.simpleRecipeLoss(teacher, student) },
  pearson: { loss: ({ teacher, student }) => L.pearsonFeatureLoss(teacher, student) },
  simkd: { loss: ({ teacher, student }) => L.reusedClassifierLoss(teacher, student), alone: projector },
  gradient: { loss: ({ teacher, student }) => L.gradientMatchingLoss(teacher, student), alone: network },
  'activation-pattern': { loss: ({ teacher, student }) => L.activationPatternLoss(teacher, student) },
};

const onVectors: Readonly<Record<string, Entry>> = {
  pkt: { loss: ({ teacher, student }) => L.probabilisticTransferLoss(teacher, student) },
  cc: { loss: ({ teacher, student }) => L.correlationCongruenceLoss(teacher, student) },
  rkd: { loss: ({ teacher, student }) => L.relationalLoss(teacher, student) },
  crd: { loss: ({ teacher, student }) => L.contrastiveRepresentationLoss(teacher, student) },
};

/** Every method at every size that it is measured at. */
export function lossCases(): LossCase[] {
  return [
    ...Object.entries(onLogits).flatMap(([type, entry]) =>
      LOGITS.map((shape) =>
        lossCase(type, entry, shape, { labels: { shape: [shape[0]], classes: shape[1] } }),
      ),
    ),
    ...Object.entries(onMaps).map(([type, entry]) => lossCase(type, entry, MAP.shape)),
    ...Object.entries(onVectors).map(([type, entry]) => lossCase(type, entry, VECTOR.shape)),
  ];
}

function lossCase(
  type: string,
  { loss, extra, wrt = ['student'], options, alone }: Entry,
  shape: readonly number[],
  labels: LossCase['inputs'] = {},
): LossCase {
  return {
    type,
    size: shape.join('×'),
    inputs: { teacher: { shape }, student: { shape }, ...labels, ...extra?.(shape) },
    wrt,
    ...(options && { options }),
    ...(alone && { alone }),
    loss: loss as LossCase['loss'],
  };
}

function convolved(x: Tensor, kernel: Tensor): Tensor {
  return conv2d(x as Tensor4D, kernel as Tensor4D, 1, 'same');
}
