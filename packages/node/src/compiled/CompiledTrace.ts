import { type NativeBackend, type NativeBinding, type NativeTensor } from './binding.js';
import { type ChainedTrace, chainTrace, type Place } from './chainTrace.js';
import { type Draw, drawNodes, drawOf, SEED_LAYOUT, seedName } from './drawnConstants.js';
import { GraphProgram } from './GraphProgram.js';
import { type Recording } from './Recording.js';
import { type NodeDef } from './savedModelProto.js';
import { type WaitingStep } from './StepBacklog.js';
import { type Constant, type Input, type Layout, sameValues, type Trace } from './Trace.js';
import { writeGraph } from './writeGraph.js';

/** What a recorded step is compared by. */
export interface StepFacts {
  /** What the step's random numbers follow from. */
  readonly seed: number;
  /** The optimizer's learning rate, if it has one. */
  readonly learningRate: number | undefined;
}

/**
 * A trace and its graph. Constants that were the same in every step so far are part of the graph. One that
 * turns out to differ never is: if it was drawn at random, the graph draws it, else it is fed.
 */
export class CompiledTrace {
  readonly #backend: NativeBackend;
  readonly #native: NativeBinding;
  readonly #fed = new Set<number>();
  readonly #drawn = new Map<number, Draw>();
  /** Fed constants that have always been the learning rate, or its negative. */
  readonly #rates = new Map<number, 1 | -1>();
  readonly #first: StepFacts;
  /** What the last step that went this way uploaded. */
  #last: readonly Constant[];
  /** Ids of its inputs, as JavaScript knew them. */
  #held: readonly number[] = [];
  #stayed: readonly boolean[] = [];
  /** Whether that was what the step before it had uploaded. */
  #quiet = true;
  /** Inputs that are part of the graph, with the native tensors they were read of. */
  #frozen: Map<number, { readonly id: number; readonly constant: Constant }> | undefined;
  /** By the number of steps that one call runs. */
  readonly #programs = new Map<number, ChainedProgram>();
  #compared = 0;
  #rateMoved = false;

  constructor(
    backend: NativeBackend,
    native: NativeBinding,
    readonly trace: Trace,
    facts: StepFacts,
  ) {
    this.#backend = backend;
    this.#native = native;
    this.#first = facts;
    this.#last = trace.constants;
    trace.constants.forEach(({ values }, i) => {
      if (!ArrayBuffer.isView(values)) this.#fed.add(i);
    });
  }

  /** Whether the numbers that JavaScript uploads are known for the next step, as long as nothing else changes. */
  get settled(): boolean {
    return this.#compared > 0 && this.#quiet;
  }

  /** Whether an input was the same tensor in the last two steps that went this way. */
  stayed(input: number): boolean {
    return this.#stayed[input] ?? false;
  }

  /** Whether the learning rate has changed before our eyes: its constants are known then. */
  get knowsRate(): boolean {
    return this.#rateMoved;
  }

  /** Compares another step that went this way. */
  compare({ constants, heldIds }: Recording, facts: StepFacts): void {
    this.#stayed = heldIds.map((id, i) => id === this.#held[i]);
    this.#held = [...heldIds];
    if (constants === this.trace.constants) return;
    this.#compared += 1;
    this.#quiet = true;
    this.#rateMoved ||= facts.learningRate !== this.#first.learningRate;
    this.trace.constants.forEach((constant, i) => {
      const now = constants[i] as Constant;
      if (this.#fed.has(i)) this.#checkRate(i, now, facts);
      else if (!this.#drawn.has(i) && !sameValues(constant.values, now.values)) this.#differs(i, now, facts);
      this.#quiet &&=
        !this.#fed.has(i) || this.#rates.has(i) || sameValues(this.#last[i]?.values, now.values);
    });
    this.#last = constants;
  }

  /** Runs a step that was put off. */
  replay(recording: Recording, { seed }: StepFacts): NativeTensor[] {
    const steps = [{ inputs: recording.inputIds, seed }];
    const tensors = this.#run(steps, NO_LINKS, ({ index }) => recording.constants[index] as Constant);
    return tensors.map(({ tensor }) => tensor);
  }

  /** Runs a step of which only the inputs, seed and learning rate are given. Needs `settled`. */
  run(inputs: readonly number[], facts: StepFacts): NativeTensor[] {
    const tensors = this.#run([{ inputs, seed: facts.seed }], NO_LINKS, ({ index }) =>
      this.#known(index, facts),
    );
    return tensors.map(({ tensor }) => tensor);
  }

  /**
   * Runs several such steps in one call, each from where the one before ends.
   *
   * @param links Inputs that a step takes from the step before, and which of its outputs each is.
   * @returns What the last step gives, and of the others what the next one does not take.
   */
  runChain(
    steps: readonly WaitingStep[],
    links: ReadonlyMap<number, number>,
    real: (id: number) => number,
  ): PlacedTensor[] {
    const prepared = steps.map(({ ids, facts }, copy) => ({
      inputs: ids.map((id, i) => (copy > 0 && links.has(i) ? id : real(id))),
      seed: facts.seed,
    }));
    return this.#run(prepared, links, ({ copy, index }) =>
      this.#known(index, (steps[copy] as WaitingStep).facts),
    );
  }

  /** Layouts of what a run gives, in order. */
  get outputLayouts(): readonly Layout[] {
    const { ops, survivors } = this.trace;
    return survivors.flatMap(({ kind, index, output }) =>
      kind === 'op' ? [ops[index]?.outputs[output] as Layout] : [],
    );
  }

  dispose(): void {
    for (const { program } of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }

  #known(index: number, { learningRate = 0 }: StepFacts): Constant {
    const last = this.#last[index] as Constant;
    const sign = this.#rates.get(index);
    return sign === undefined ? last : { ...last, values: Float32Array.of(sign * learningRate) };
  }

  /**
   * Makes inputs that stay as they are, such as a teacher's weights, a part of the graph: TensorFlow folds
   * and fuses what hangs on them alone. If one changes after all, they are inputs again.
   */
  freeze(indices: readonly number[], ids: readonly number[]): void {
    if (this.#frozen !== undefined || this.#programs.size > 0) return;
    const layouts = indices.map((i) => (this.trace.inputs[i] as Input).layout);
    const bytes = layouts.reduce((sum, layout) => sum + 4 * sizeOf(layout), 0);
    this.#frozen = new Map();
    if (bytes > FROZEN_BYTES) return;
    indices.forEach((index, i) => {
      const id = ids[index] as number;
      const values = this.#native.tensorDataSync(id);
      this.#frozen?.set(index, { id, constant: { ...(layouts[i] as Layout), values } });
    });
  }

  /** Runs one or several steps in one call. */
  #run(
    steps: readonly { readonly inputs: readonly number[]; readonly seed: number }[],
    links: ReadonlyMap<number, number>,
    constant: (place: Place) => Constant,
  ): PlacedTensor[] {
    for (const { inputs } of steps) this.#thaw(inputs);
    const { chained, program } = this.#programOf(steps.length, links);
    const inputs = chained.inputs.filter(({ index }) => !this.#frozen?.has(index));
    const fed = chained.constants.filter(({ index }) => this.#fed.has(index)).map(constant);
    if (this.#drawn.size > 0) {
      fed.push(...steps.map(({ seed }) => ({ ...SEED_LAYOUT, values: Int32Array.of(seed, 0) })));
    }
    const made = fed.map(({ shape, dtype, values }) => this.#native.createTensor(shape, dtype, values));
    try {
      const ids = inputs.map(({ copy, index }) => steps[copy]?.inputs[index] as number);
      const tensors = program.run([...ids, ...made]);
      const places = chained.survivors.filter((_, i) => chained.trace.survivors[i]?.kind === 'op');
      return tensors.map((tensor, i) => ({ place: places[i] as Place, tensor }));
    } finally {
      for (const id of made) this.#native.deleteTensor(id);
    }
  }

  #programOf(copies: number, links: ReadonlyMap<number, number>): ChainedProgram {
    let known = this.#programs.get(copies);
    if (known === undefined) {
      const chained = chainTrace(this.trace, {
        copies,
        links,
        shared: new Set(this.#frozen?.keys()),
        own: new Set([...this.#fed, ...this.#drawn.keys()]),
      });
      known = { chained, program: this.#compile(chained, copies) };
      this.#programs.set(copies, known);
    }
    return known;
  }

  #compile({ trace, inputs, constants }: ChainedTrace, copies: number): GraphProgram {
    const fed = new Set<number>();
    const drawn = new Map<number, (name: string) => readonly NodeDef[]>();
    constants.forEach(({ copy, index }, i) => {
      if (this.#fed.has(index)) fed.add(i);
      const draw = this.#drawn.get(index);
      const constant = trace.constants[i] as Constant;
      if (draw)
        drawn.set(i, (name) => drawNodes(name, constant, draw, { seed: seedName(copy), number: index }));
    });
    const frozen = new Map<number, Constant>();
    inputs.forEach(({ index }, i) => {
      const weight = this.#frozen?.get(index);
      if (weight) frozen.set(i, weight.constant);
    });
    const seeds = drawn.size > 0 ? Array.from({ length: copies }, (_, copy) => seedName(copy)) : [];
    const extra = seeds.map((name) => ({ name, layout: SEED_LAYOUT }));
    return new GraphProgram(this.#native, writeGraph(trace, { fed, frozen, drawn, extra }));
  }

  #thaw(inputs: readonly number[]): void {
    if ([...(this.#frozen ?? [])].every(([i, { id }]) => inputs[i] === id)) return;
    this.#frozen?.clear();
    this.dispose();
  }

  #differs(index: number, now: Constant, facts: StepFacts): void {
    const draw = drawOf(this.#backend, now, facts.seed);
    if (draw) {
      this.#drawn.set(index, draw);
    } else {
      this.#fed.add(index);
      const first = this.trace.constants[index] as Constant;
      const sign = signOf(first, this.#first.learningRate);
      if (sign) this.#rates.set(index, sign);
      this.#checkRate(index, now, facts);
    }
    this.dispose(); // the graph holds the old value: another has to be written
  }

  #checkRate(index: number, now: Constant, { learningRate }: StepFacts): void {
    if (this.#rates.get(index) !== signOf(now, learningRate)) this.#rates.delete(index);
  }
}

/** A tensor with its place among the steps of a call. */
export interface PlacedTensor {
  readonly place: Place;
  readonly tensor: NativeTensor;
}

interface ChainedProgram {
  readonly chained: ChainedTrace;
  readonly program: GraphProgram;
}

const NO_LINKS: ReadonlyMap<number, number> = new Map();

/** More than this does not go into a graph: a message of TensorFlow's must stay below 2 GB. */
const FROZEN_BYTES = 2 ** 30;

function sizeOf({ shape }: Layout): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** 1 if a scalar is the learning rate, −1 if it is its negative. */
function signOf({ values }: Constant, learningRate: number | undefined): 1 | -1 | undefined {
  if (learningRate === undefined || !(values instanceof Float32Array) || values.length !== 1)
    return undefined;
  const rate = Math.fround(learningRate);
  return values[0] === rate ? 1 : values[0] === -rate ? -1 : undefined;
}
