import { type DataId, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { type StepScope, type StepWork } from '@tfjs-distill/core';
import { type NativeBackend } from './binding.js';
import { type LazyBinding } from './LazyBinding.js';
import { KEPT, type Recording, STRANGER } from './Recording.js';
import { type SeenPart } from './SeenStep.js';
import { AMBIGUOUS, livingVariables, VARIABLE } from './stepRoles.js';

/** An output of an earlier part of the same step. */
export interface EarlierOutput {
  readonly part: number;
  readonly output: number;
}

/** Where an input of the graph is found at the next step: a variable, a passing tensor's key, or a pinned id. */
export type Source = Variable | EarlierOutput | string | number;

/** Who holds an output of the graph after the part. */
export interface Sink {
  readonly variables: Variable[];
  readonly losses: string[];
  /** `logits`, or a feature's name after a slash. */
  readonly answers: string[];
  /** Names of the gradients that it is, for the hook that comes next. */
  readonly gradients: string[];
}

export function isHeld({ variables, losses, answers, gradients }: Sink): boolean {
  return variables.length + losses.length + answers.length + gradients.length > 0;
}

/** Where to find each input at the next step; `undefined` where one could not be. */
export function sourcesOf(
  backend: NativeBackend,
  lazy: LazyBinding,
  parts: readonly SeenPart[],
  index: number,
): Source[] | undefined {
  const { recording, graph } = parts[index] as SeenPart;
  if (graph === undefined) return undefined;
  const variables = new Map(livingVariables(backend).map((variable) => [variable.name, variable]));
  const sources = graph.trace.inputs.map(({ key }, i): Source | undefined => {
    if (key.includes(AMBIGUOUS)) return undefined;
    const id = recording.heldIds[i] as number;
    if (key === KEPT) return earlierOutput(parts.slice(0, index), id) ?? (graph.stayed(i) ? id : undefined);
    if (key.startsWith(VARIABLE)) return variables.get(key.slice(VARIABLE.length));
    return key.startsWith(STRANGER) ? Number(key.slice(STRANGER.length)) : key;
  });
  if (sources.includes(undefined)) return undefined;
  for (const source of sources) if (typeof source === 'number') lazy.pin(source);
  return sources as Source[];
}

/** Which output of which part a tensor is. */
export function earlierOutput(parts: readonly SeenPart[], id: number): EarlierOutput | undefined {
  const part = parts.findIndex(({ recording }) => recording.survivors.has(id));
  if (part < 0) return undefined;
  return { part, output: [...(parts[part] as SeenPart).recording.survivors.keys()].indexOf(id) };
}

/** Inputs that the next step takes from this one's outputs: the variables that it moves. */
export function linksOf(sources: readonly Source[], sinks: readonly Sink[]): ReadonlyMap<number, number> {
  const links = sources.map((source, i) => {
    const output = sinks.findIndex(({ variables }) => variables.includes(source as Variable));
    return [i, output] as const;
  });
  return new Map(links.filter(([, output]) => output >= 0));
}

/** Who holds each output at the end of a part; `undefined` where variables were made, or given the data of others. */
export function sinksOf(
  backend: NativeBackend,
  {
    work,
    recording,
    before,
    gives,
  }: {
    readonly work: StepWork;
    readonly recording: Recording;
    /** Data of every variable before the part. */
    readonly before: ReadonlyMap<Variable, number>;
    /** Ids of the gradients that the next hook is given. */
    readonly gives: ReadonlyMap<string, number>;
  },
): Sink[] | undefined {
  const sinks = new Map<number, Sink>();
  for (const [id, { kind }] of recording.survivors) {
    if (kind === 'constant') return undefined;
    sinks.set(id, { variables: [], losses: [], answers: [], gradients: [] });
  }
  for (const variable of livingVariables(backend)) {
    const id = idOf(backend, variable.dataId);
    const sink = sinks.get(id);
    if (sink) sink.variables.push(variable);
    else if (before.get(variable) !== id) return undefined; // made in this step, or given another's data
  }
  for (const [name, loss] of Object.entries(work.scope.losses)) {
    sinks.get(idOf(backend, loss.dataId))?.losses.push(name);
  }
  if (work.askTeacher) {
    for (const [name, tensor] of answersOf(work.scope))
      sinks.get(idOf(backend, tensor.dataId))?.answers.push(name);
  }
  for (const [name, id] of gives) sinks.get(id)?.gradients.push(name);
  return [...sinks.values()];
}

/** Name of the teacher's logits among its answers. */
export const LOGITS = 'logits';

function answersOf({ answers }: StepScope): [string, Tensor][] {
  if (answers === undefined) return [];
  const features = Object.entries(answers.features).map(([name, tensor]): [string, Tensor] => [
    `/${name}`,
    tensor,
  ]);
  return [[LOGITS, answers.logits], ...features];
}

export function withoutSlash(features: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(features).map(([name, tensor]) => [name.slice(1), tensor]));
}

function idOf(backend: NativeBackend, dataId: DataId): number {
  return backend.tensorMap.get(dataId).id;
}
