import { type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { combineLosses, type Criterion, type LossContext } from '@tfjs-distill/core';
import {
  IntermediateLayersKnowledgeDistillationLossConfig,
  KnowledgeDistillationLossConfig,
  type KnowledgeDistillationLossOptions,
  SelfKnowledgeDistillationLossConfig,
} from '@tfjs-distill/losses';
import { describeGolden } from '../../parity/golden.js';
import { prepare } from '../featureRig.js';

type Named = Readonly<Record<string, Tensor>>;

/** The minimized loss of one step whose models gave just these tensors. */
function lossOf(criterion: Criterion, task: Tensor, sides: { teacher?: Named; student: Named }): Scalar {
  const ctx = {
    batch: {},
    taskLoss: task,
    teacherOutputs: { logits: sides.teacher?.['output'], features: sides.teacher },
    studentOutputs: { output: sides.student['output'], features: sides.student },
    knob: Number,
    record: () => undefined,
  } as unknown as LossContext;
  return combineLosses(task as Scalar, [criterion], ctx);
}

const shapesOf = (tensors: Named) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, [null, ...shape.slice(1)]]));

describeGolden<KnowledgeDistillationLossOptions>('inc-kd', ({ teacher, student, task }, options) => {
  const criterion = new KnowledgeDistillationLossConfig(options).toCriterion('inc');
  return lossOf(criterion, task!, { teacher: { output: teacher! }, student: { output: student! } });
});

interface Intermediate {
  readonly lossTypes: ('MSE' | 'L1' | 'KL')[];
  readonly lossWeights: number[];
  readonly addOriginLoss: boolean;
}

describeGolden<Intermediate>('inc-intermediate', ({ task, ...features }, options) => {
  const layers = options.lossTypes.map((_, i) => `layer${i}`);
  const side = (name: string) =>
    Object.fromEntries(layers.map((layer, i) => [layer, features[`${name}${i}`] as Tensor]));
  const [teacher, student] = [side('teacher'), side('student')];
  const config = new IntermediateLayersKnowledgeDistillationLossConfig({
    ...options,
    layerMappings: layers.map((layer) => [layer]),
  });
  const criterion = prepare(config.toCriterion('inc'), shapesOf(student), shapesOf(teacher));
  return lossOf(criterion, task!, { teacher, student });
});

interface Self {
  readonly groups: [string, string][][];
  readonly temperature: number;
  readonly lossTypes: ('CE' | 'KL' | 'L2')[];
  readonly lossWeights: number[];
  readonly addOriginLoss: boolean;
}

describeGolden<Self>('inc-self', ({ task, ...student }, { groups: layerMappings, ...options }) => {
  const config = new SelfKnowledgeDistillationLossConfig({ layerMappings, ...options });
  const criterion = prepare(config.toCriterion('inc') as Criterion, shapesOf(student), {});
  return lossOf(criterion, task!, { student });
});
