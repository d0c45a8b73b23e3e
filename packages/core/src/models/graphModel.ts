import { clone, type DataType, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { type Inputs, isTensor } from '../Batch.js';
import { expected, unknownName } from '../errors.js';
import { type ModelSignature, type Shape } from './ModelSignature.js';
import { type TappedOutputs } from './TappedLayersModel.js';

/** A converted model, as tfjs-converter loads it: known by shape, so that core need not import it. */
export interface GraphModelLike {
  predict(x: Tensor | Tensor[] | Record<string, Tensor>): unknown;
  /** The outputs of named nodes; without it, none can be tapped. */
  execute?(x: Tensor | Tensor[] | Record<string, Tensor>, nodes: string[]): unknown;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

interface Port {
  readonly name?: string;
  readonly shape?: readonly number[];
  readonly dtype?: DataType;
}

/** What tfjs-converter keeps of a graph; not part of its public type. */
interface Graph {
  readonly executor?: {
    readonly graph?: { readonly nodes?: Readonly<Record<string, { readonly op: string }>> };
  };
}

/** Its features' shapes are not written anywhere: reading them the first time runs the model once, on zeros. */
export function graphModelSignature(model: GraphModelLike): ModelSignature {
  const output = knownShape(model.outputs[0]?.shape);
  let features: Readonly<Record<string, Shape>> | undefined;
  let known = false;
  return {
    ...(output && { output }),
    get features() {
      if (!known) features = featureShapes(model);
      known = true;
      return features as Readonly<Record<string, Shape>>;
    },
  };
}

/** The model's first output and those of the tapped nodes, in one pass. Belong to the caller's `tidy`. */
export function runGraphModel(model: GraphModelLike, x: Inputs, taps: readonly string[]): TappedOutputs {
  if (taps.length === 0) return { output: firstTensor(model.predict(x as Tensor)), features: {} };
  const [first, ...rest] = execute(model, x, taps);
  // what is tapped may be a weight or the input itself, and is freed with the step
  const features = Object.fromEntries(taps.map((name, i) => [name, clone(rest[i] as Tensor)]));
  return { output: first as Tensor, features };
}

function execute(model: GraphModelLike, x: Inputs, taps: readonly string[]): readonly Tensor[] {
  const output = model.outputs[0]?.name;
  if (model.execute === undefined || output === undefined) {
    throw expected('teacher', 'a GraphModel whose nodes can be executed', model, { where: 'liveTeacher' });
  }
  const nodes = nodeNames(model);
  const missing = nodes && taps.find((name) => !nodes.includes(name.split(':')[0] as string));
  if (missing !== undefined) throw unknownName('node', missing, nodes ?? [], { where: 'liveTeacher' });
  return [model.execute(x as Tensor, [output, ...taps])].flat() as Tensor[];
}

/** Names of the nodes that compute something. */
function nodeNames(model: GraphModelLike): readonly string[] | undefined {
  const nodes = (model as Graph).executor?.graph?.nodes;
  return nodes && Object.keys(nodes).filter((name) => nodes[name]?.op !== 'Const');
}

const SAMPLES = 2;

/** Shapes of all nodes that give a feature of each sample; `undefined` where the model cannot be run to see. */
function featureShapes(model: GraphModelLike): Readonly<Record<string, Shape>> | undefined {
  const names = nodeNames(model);
  const sizes = model.inputs.map(({ shape = [] }) => [SAMPLES, ...shape.slice(1)]);
  if (names === undefined || sizes.flat().some((size) => size < 0)) return undefined;
  let shapes: (readonly [string, Shape])[] = [];
  try {
    tidy(() => {
      const inputs = sizes.map((size, i) => zeros(size, model.inputs[i]?.dtype ?? 'float32'));
      const results = execute(model, inputs, names).slice(1);
      shapes = results.flatMap((result, i) =>
        isFeature(result) ? [[names[i] as string, free(result)] as const] : [],
      );
    });
  } catch {
    return undefined; // control flow runs asynchronously only: its shapes have to be declared
  }
  return Object.fromEntries(shapes);
}

const isFeature = ({ dtype, rank, shape }: Tensor): boolean =>
  dtype === 'float32' && rank >= 2 && shape[0] === SAMPLES;

const free = ({ shape }: Tensor): Shape => [null, ...shape.slice(1)];

/** Converted graphs write −1 for a size that is free. */
function knownShape(shape: readonly number[] | undefined): Shape | undefined {
  return shape?.map((size) => (size < 0 ? null : size));
}

/** The first tensor of whatever a model returns. */
export function firstTensor(value: unknown): Tensor {
  if (isTensor(value)) return value;
  const [first] = Object.values((value ?? {}) as Record<string, unknown>);
  if (isTensor(first)) return first;
  throw expected('teacher', 'a model that returns a tensor of logits', value, { where: 'liveTeacher' });
}
