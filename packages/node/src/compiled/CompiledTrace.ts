import { type NativeBackend, type NativeBinding, type NativeTensor } from './binding.js';
import { type ChainedTrace, chainTrace, type Place } from './chainTrace.js';
import { drawNodes, SEED_LAYOUT, seedName } from './drawnConstants.js';
import { fuseOps } from './fuseOps.js';
import { GraphProgram } from './GraphProgram.js';
import { type Recording } from './Recording.js';
import { type NodeDef } from './savedModelProto.js';
import { sessionConfig } from './sessionConfig.js';
import { type WaitingStep } from './StepBacklog.js';
import { type Constant, type Input, type Layout, sizeOf, type Trace } from './Trace.js';
import { type StepFacts, Uploads } from './Uploads.js';
import { writeGraph } from './writeGraph.js';

/**
 * A trace and its graph. Constants that were the same in every step so far are part of the graph. One that
 * turns out to differ never is: if it was drawn at random, the graph draws it, else it is fed.
 */
export class CompiledTrace {
  readonly #native: NativeBinding;
  /** What JavaScript uploads in steps that go this way. */
  readonly uploads: Uploads;
  /** Ids of its inputs, as JavaScript knew them. */
  #held: readonly number[] = [];
  #stayed: readonly boolean[] = [];
  /** Inputs that are part of the graph, with the native tensors they were read of. */
  #frozen: Map<number, { readonly id: number; readonly constant: Constant }> | undefined;
  /** By the number of steps that one call runs. */
  readonly #programs = new Map<number, ChainedProgram>();

  constructor(
    backend: NativeBackend,
    native: NativeBinding,
    readonly trace: Trace,
    facts: StepFacts,
  ) {
    this.#native = native;
    this.uploads = new Uploads(backend, trace.constants, facts);
  }

  /** Whether an input was the same tensor in the last two steps that went this way. */
  stayed(input: number): boolean {
    return this.#stayed[input] ?? false;
  }

  /** Compares another step that went this way. */
  compare({ constants, heldIds }: Recording, facts: StepFacts): void {
    this.#stayed = heldIds.map((id, i) => id === this.#held[i]);
    this.#held = [...heldIds];
    if (this.uploads.compare(constants, facts)) this.dispose(); // another graph has to be written
  }

  /** Runs a step that was put off. */
  replay(recording: Recording, { seed, part }: StepFacts): NativeTensor[] {
    const steps = [{ inputs: recording.inputIds, seed, part }];
    const tensors = this.#run(steps, NO_LINKS, ({ index }) => recording.constants[index] as Constant);
    return tensors.map(({ tensor }) => tensor);
  }

  /** Runs a step of which only the inputs, seed and learning rate are given. Needs `settled`. */
  run(inputs: readonly number[], facts: StepFacts): NativeTensor[] {
    const tensors = this.#run([{ inputs, seed: facts.seed, part: facts.part }], NO_LINKS, ({ index }) =>
      this.uploads.at(index, facts),
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
      part: facts.part,
    }));
    return this.#run(prepared, links, ({ copy, index }) =>
      this.uploads.at(index, (steps[copy] as WaitingStep).facts),
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

  /**
   * Makes inputs that stay as they are, such as a teacher's weights, a part of the graph: TensorFlow folds
   * and fuses what hangs on them alone. If one changes after all, they are inputs again.
   */
  freeze(indices: readonly number[], ids: readonly number[]): void {
    if (this.#frozen !== undefined || this.#programs.size > 0) return;
    const layouts = indices.map((i) => (this.trace.inputs[i] as Input).layout);
    const bytes = layouts.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
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
    steps: readonly { readonly inputs: readonly number[]; readonly seed: number; readonly part: number }[],
    links: ReadonlyMap<number, number>,
    constant: (place: Place) => Constant,
  ): PlacedTensor[] {
    if (this.outputLayouts.length === 0) return []; // a part without results: a hook that gathers gradients, say
    for (const { inputs } of steps) this.#thaw(inputs);
    const { chained, program } = this.#programOf(steps.length, links);
    const inputs = chained.inputs.filter(({ index }) => !this.#frozen?.has(index));
    const fed = chained.constants.filter(({ index }) => this.uploads.fed.has(index)).map(constant);
    if (this.uploads.drawn.size > 0) {
      fed.push(
        ...steps.map(({ seed, part }) => ({ ...SEED_LAYOUT, values: Int32Array.of(seed, part * PART) })),
      );
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
        own: new Set([...this.uploads.fed, ...this.uploads.drawn.keys()]),
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
      if (this.uploads.fed.has(index)) fed.add(i);
      const draw = this.uploads.drawn.get(index);
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
    const fused = fuseOps(trace, (constant) => !fed.has(constant) && !drawn.has(constant));
    const written = writeGraph(fused, { fed, frozen, drawn, extra });
    return new GraphProgram(this.#native, written, sessionConfig(this.trace));
  }

  #thaw(inputs: readonly number[]): void {
    if ([...(this.#frozen ?? [])].every(([i, { id }]) => inputs[i] === id)) return;
    this.#frozen?.clear();
    this.dispose();
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

/** More than the numbers that a part draws. */
const PART = 2 ** 16;

const NO_LINKS: ReadonlyMap<number, number> = new Map();

/** More than this does not go into a graph: a message of TensorFlow's must stay below 2 GB. */
const FROZEN_BYTES = 2 ** 30;
