import { type Constant, type Input, type Ref, type Trace, type TracedOp } from './Trace.js';

/** A part of one of the copies. */
export interface Place {
  readonly copy: number;
  readonly index: number;
}

/** Several steps in a row as one trace, and what each of its parts is of which step. */
export interface ChainedTrace {
  readonly trace: Trace;
  readonly inputs: readonly Place[];
  readonly constants: readonly Place[];
  /** Survivors, by their place among those of the one step. */
  readonly survivors: readonly Place[];
}

export interface ChainOptions {
  readonly copies: number;
  /** Inputs that a step takes from the step before: which of its survivors each is. */
  readonly links: ReadonlyMap<number, number>;
  /** Inputs that are the same in all copies. */
  readonly shared: ReadonlySet<number>;
  /** Constants that each copy has of its own. */
  readonly own: ReadonlySet<number>;
}

/** Writes a step several times, one after the other: what one leaves in its variables the next one starts from. */
export function chainTrace(trace: Trace, { copies, links, shared, own }: ChainOptions): ChainedTrace {
  const parts = { inputs: [] as Input[], constants: [] as Constant[], ops: [] as TracedOp[] };
  const places = { inputs: [] as Place[], constants: [] as Place[] };
  const survivors: { readonly place: Place; readonly ref: Ref }[] = [];
  let before: readonly Ref[] = []; // survivors of the copy before
  let first: { readonly inputs: readonly Ref[]; readonly constants: readonly Ref[] } | undefined;
  for (let copy = 0; copy < copies; copy++) {
    const start = parts.ops.length;
    const inputs = trace.inputs.map((input, index): Ref => {
      const link = links.get(index);
      if (link !== undefined && copy > 0) return before[link] as Ref;
      if (first && shared.has(index)) return first.inputs[index] as Ref;
      places.inputs.push({ copy, index });
      return { kind: 'input', index: parts.inputs.push(input) - 1, output: 0 };
    });
    const constants = trace.constants.map((constant, index): Ref => {
      if (first && !own.has(index)) return first.constants[index] as Ref;
      places.constants.push({ copy, index });
      return { kind: 'constant', index: parts.constants.push(constant) - 1, output: 0 };
    });
    const moved = ({ kind, index, output }: Ref): Ref => {
      if (kind === 'op') return { kind, index: index + start, output };
      return (kind === 'input' ? inputs : constants)[index] as Ref;
    };
    parts.ops.push(...trace.ops.map((op) => ({ ...op, inputs: op.inputs.map(moved) })));
    before = trace.survivors.map(moved);
    first ??= { inputs, constants };
    const carried = new Set(links.values());
    before.forEach((ref, index) => {
      if (copy === copies - 1 || !carried.has(index)) survivors.push({ place: { copy, index }, ref });
    });
  }
  return {
    trace: { ...parts, survivors: survivors.map(({ ref }) => ref) },
    ...places,
    survivors: survivors.map(({ place }) => place),
  };
}
