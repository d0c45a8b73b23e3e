import { type OpAttr } from './binding.js';
import {
  type AttrValue,
  encodeSavedModel,
  type GraphSignature,
  type NodeDef,
  shapeProto,
  type TensorInfo,
} from './savedModelProto.js';
import { bytesOf, type Constant, type Layout, type Ref, type Trace, type TracedOp } from './Trace.js';

/** What a graph takes and gives, by the names of its nodes, in the trace's order. */
export interface WrittenGraph {
  /** A `saved_model.pb`. */
  readonly bytes: Uint8Array;
  /** Inputs, then the constants that are fed. */
  readonly feeds: readonly string[];
  /** Operations' outputs that survive. */
  readonly fetches: readonly string[];
}

export interface GraphChoices {
  /** Constants that differ from step to step: placeholders of the graph. */
  readonly fed: ReadonlySet<number>;
  /** Values of inputs that never change, by input: constants that TensorFlow may fold. */
  readonly frozen?: ReadonlyMap<number, Constant>;
  /** Constants that are drawn anew in every step: the nodes to draw them by. */
  readonly drawn?: ReadonlyMap<number, (name: string) => readonly NodeDef[]>;
  /** Further placeholders that the drawn ones use. */
  readonly extra?: readonly { readonly name: string; readonly layout: Layout }[];
}

/** Writes a trace as a TensorFlow graph. What no survivor depends on is left out. */
export function writeGraph(trace: Trace, choices: GraphChoices): WrittenGraph {
  const { fed, frozen = new Map<number, Constant>(), extra = [] } = choices;
  const inputs = trace.inputs.flatMap((_, i) => (frozen.has(i) ? [] : [i]));
  const feeds = [
    ...inputs.map((i) => `input${i}`),
    ...[...fed].map((i) => `constant${i}`),
    ...extra.map(({ name }) => name),
  ];
  const fetches = trace.survivors.filter(({ kind }) => kind === 'op').map(nameOf);
  const nodes = graphNodes(trace, choices);
  return { bytes: encodeSavedModel(nodes, signatureOf(trace, feeds, choices)), feeds, fetches };
}

/** The nodes of a trace: `input0` …, `constant0` …, `op0` …. */
export function graphNodes(trace: Trace, choices: GraphChoices): NodeDef[] {
  const { fed, frozen = new Map<number, Constant>(), drawn = new Map(), extra = [] } = choices;
  const nodes: NodeDef[] = [];
  for (const { name, layout } of extra) nodes.push(placeholder(name, layout));
  const needed = neededBy(trace);
  trace.inputs.forEach(({ layout }, i) => {
    const value = frozen.get(i);
    nodes.push(value ? constantNode(`input${i}`, value) : placeholder(`input${i}`, layout));
  });
  trace.constants.forEach((constant, i) => {
    const draw = (drawn as NonNullable<GraphChoices['drawn']>).get(i);
    const name = `constant${i}`;
    if (draw) nodes.push(...draw(name));
    else if (fed.has(i)) nodes.push(placeholder(name, constant));
    else if (needed.has(name)) nodes.push(constantNode(name, constant));
  });
  trace.ops.forEach((op, i) => {
    if (!needed.has(`op${i}`)) return;
    nodes.push({ name: `op${i}`, op: op.name, input: op.inputs.map(nameOf), attr: attrsOf(trace, op) });
  });
  return nodes;
}

function signatureOf(trace: Trace, feeds: readonly string[], { extra = [] }: GraphChoices): GraphSignature {
  const layouts = new Map<string, Layout>([
    ...trace.inputs.map(({ layout }, i) => [`input${i}`, layout] as const),
    ...trace.constants.map((constant, i) => [`constant${i}`, constant] as const),
    ...extra.map(({ name, layout }) => [name, layout] as const),
  ]);
  const results = trace.survivors.filter(({ kind }) => kind === 'op');
  return {
    inputs: Object.fromEntries(feeds.flatMap((name) => infoOf(name, `${name}:0`, layouts.get(name)))),
    outputs: Object.fromEntries(
      results.flatMap((ref) => infoOf(nameOf(ref), nameOf(ref), layoutOf(trace, ref))),
    ),
  };
}

function infoOf(key: string, name: string, layout: Layout | undefined): [string, TensorInfo][] {
  return layout ? [[key, { name, dtype: layout.dtype, tensorShape: shapeProto(layout.shape) }]] : [];
}

/** Names of all nodes that a survivor depends on. */
function neededBy({ ops, survivors }: Trace): ReadonlySet<string> {
  const needed = new Set<string>();
  const open = [...survivors];
  for (let ref = open.pop(); ref; ref = open.pop()) {
    const name = `${ref.kind}${ref.index}`;
    if (needed.has(name)) continue;
    needed.add(name);
    if (ref.kind === 'op') open.push(...(ops[ref.index] as TracedOp).inputs);
  }
  return needed;
}

/** Operations that tfjs-node calls without the type of their first input, which eager TensorFlow finds out by itself. */
const UNTYPED = new Set(['ExpandDims', 'Where']);

function attrsOf(trace: Trace, { name, attrs, inputs: [first] }: TracedOp): NodeDef['attr'] {
  const written = Object.fromEntries(attrs.map((attribute) => [attribute.name, attrValue(attribute)]));
  const layout = first && layoutOf(trace, first);
  return UNTYPED.has(name) && layout ? { T: { type: layout.dtype }, ...written } : written;
}

export function layoutOf(
  { inputs, constants, ops }: Trace,
  { kind, index, output }: Ref,
): Layout | undefined {
  if (kind === 'op') return ops[index]?.outputs[output];
  return kind === 'input' ? inputs[index]?.layout : constants[index];
}

/** A value's name in the graph, e.g. `op3:0`. */
export function nameOf({ kind, index, output }: Ref): string {
  return kind === 'op' ? `op${index}:${output}` : `${kind}${index}:0`;
}

function placeholder(name: string, layout: Layout): NodeDef {
  return {
    name,
    op: 'Placeholder',
    input: [],
    attr: { dtype: { type: layout.dtype }, shape: { shape: shapeProto(layout.shape) } },
  };
}

export function constantNode(name: string, { shape, dtype, values }: Constant): NodeDef {
  const tensorContent = bytesOf(values as ArrayBufferView);
  const tensor = { dtype, tensorShape: shapeProto(shape), tensorContent };
  return { name, op: 'Const', input: [], attr: { dtype: { type: dtype }, value: { tensor } } };
}

/** `TF_AttrType` of TensorFlow's C interface. */
const ATTR = { STRING: 0, INT: 1, FLOAT: 2, BOOL: 3, TYPE: 4, SHAPE: 5 } as const;

function attrValue({ name, type, value }: OpAttr): AttrValue {
  switch (type) {
    case ATTR.STRING:
      return { s: Buffer.from(value as string) };
    case ATTR.INT:
      return Array.isArray(value) ? { list: { i: value as number[] } } : { i: value as number };
    case ATTR.FLOAT:
      return Array.isArray(value) ? { list: { f: value as number[] } } : { f: value as number };
    case ATTR.BOOL:
      return Array.isArray(value) ? { list: { b: value as boolean[] } } : { b: Boolean(value) };
    case ATTR.TYPE:
      return { type: value as number };
    case ATTR.SHAPE:
      return { shape: shapeProto(value as number[]) };
    default:
      throw new Error(`Attribute "${name}" is of the unknown kind ${type}.`);
  }
}
