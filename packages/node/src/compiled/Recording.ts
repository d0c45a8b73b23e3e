import { type NativeBinding, type NativeTensor, type OpAttr } from './binding.js';
import { type LazyBinding } from './LazyBinding.js';
import {
  type Constant,
  type Input,
  type Layout,
  type Ref,
  sameLayout,
  sameOp,
  sameRef,
  type Trace,
  type TracedOp,
} from './Trace.js';

/** A tensor that the step may meet, by its native id. */
export type KnownInputs = ReadonlyMap<number, Input>;

/** Key of a tensor that an earlier step made and somebody keeps. */
export const KEPT = 'kept';
/** How the key of a tensor starts that nobody knows: its native id follows. It is never written to. */
export const STRANGER = 'id ';

export interface RecordOptions {
  readonly inputs: KnownInputs;
  /** Steps seen before: while the step goes like one of them, nothing runs. */
  readonly traces: readonly Trace[];
  /** Told where the step stops being predictable; may throw. */
  readonly onInterrupt?: (why: string) => void;
}

/**
 * One step on its way through the binding: written down, and put off as long as a known trace predicts
 * the shapes of what comes next.
 */
export class Recording {
  readonly #lazy: LazyBinding;
  readonly #options: RecordOptions;
  readonly #ops: TracedOp[] = [];
  readonly #constants: Constant[] = [];
  readonly #inputs: Input[] = [];
  /** By JavaScript's ids: of inputs, constants, and each operation's outputs. */
  readonly #inputIds: number[] = [];
  readonly #constantIds: number[] = [];
  readonly #opIds: number[][] = [];
  readonly #refs = new Map<number, Ref>();
  readonly #alive = new Map<number, Ref>();
  /** Tensors that the step has freed and that its put-off operations still need. */
  readonly #freed: number[] = [];
  #candidates: readonly Trace[];
  /** How many operations have run. */
  #ran = 0;
  #putOff: boolean;
  #opaque = false;
  #looked = false;

  constructor(lazy: LazyBinding, options: RecordOptions) {
    this.#lazy = lazy;
    this.#options = options;
    this.#candidates = options.traces;
    this.#putOff = options.traces.length > 0;
  }

  /** Whether everything is still to be run, by `settle`. */
  get putOff(): boolean {
    return this.#putOff;
  }

  /** Whether something happened that no graph can repeat. */
  get opaque(): boolean {
    return this.#opaque;
  }

  /** Whether JavaScript looked at values that were there before the step: what it does may hang on them. */
  get looked(): boolean {
    return this.#looked;
  }

  /** Native ids of the inputs, in the trace's order. */
  get inputIds(): readonly number[] {
    return this.#inputIds.map((id) => this.#lazy.real(id));
  }

  /** The same, as JavaScript knows them. */
  get heldIds(): readonly number[] {
    return this.#inputIds;
  }

  /** What was uploaded this time, in the order of the trace's constants. */
  get constants(): readonly Constant[] {
    return this.#constants;
  }

  /** The ids that live on, each with its source. */
  get survivors(): ReadonlyMap<number, Ref> {
    return this.#alive;
  }

  /** The known trace that the step went by, or a new one. */
  trace(): Trace {
    const survivors = [...this.#alive.values()];
    const known = this.#candidates.find(
      (trace) =>
        trace.ops.length === this.#ops.length &&
        trace.constants.length === this.#constants.length &&
        trace.inputs.length === this.#inputs.length &&
        trace.survivors.length === survivors.length &&
        trace.survivors.every((ref, i) => sameRef(ref, survivors[i] as Ref)),
    );
    if (this.#putOff && known) return known;
    return { inputs: this.#inputs, constants: this.#constants, ops: this.#ops, survivors };
  }

  executeOp(name: string, attrs: readonly OpAttr[], ids: readonly number[], count: number): NativeTensor[] {
    const inputs = ids.map((id) => this.#refOf(id));
    const index = this.#ops.length;
    if (this.#putOff) {
      const predicts = (trace: Trace) => {
        const op = trace.ops[index];
        return op !== undefined && sameOp(op, name, attrs, inputs, count);
      };
      this.#narrow(predicts);
    }
    const predicted = this.#putOff ? this.#candidates[0]?.ops[index] : undefined;
    if (predicted) return this.#add(predicted, predicted.outputs.map((layout) => this.#stand(layout))); // prettier-ignore
    const tensors = this.#native.executeOp(
      name,
      attrs,
      ids.map((id) => this.#lazy.real(id)),
      count,
    );
    this.#ran = index + 1;
    return this.#add({ name, attrs, inputs, outputs: tensors }, tensors);
  }

  createTensor(shape: readonly number[], dtype: number, values: unknown): number {
    const constant: Constant = { shape, dtype, values };
    const index = this.#constants.length;
    if (this.#putOff) {
      this.#narrow(
        ({ constants }) => constants[index] !== undefined && sameLayout(constants[index], constant),
      );
    }
    const id = this.#putOff ? this.#lazy.placeholder() : this.#native.createTensor(shape, dtype, values);
    this.#constants.push(constant);
    this.#constantIds.push(id);
    this.#remember(id, { kind: 'constant', index, output: 0 });
    return id;
  }

  deleteTensor(id: number): void {
    this.#alive.delete(id);
    if (this.#putOff) this.#freed.push(id);
    else this.#lazy.free(id);
  }

  /** A value that the step itself computes cannot be had without running it. */
  read(id: number): unknown {
    const { kind, index } = this.#refOf(id);
    // what has neither role nor history is never written to: whatever is read of it stays true
    this.#looked ||= kind !== 'input' || !(this.#inputs[index]?.key.startsWith(STRANGER) ?? false);
    if (kind === 'op') this.interrupt(`a result of ${this.#ops[index]?.name ?? 'an operation'} is read`);
    else if (kind === 'constant' && this.#putOff) return this.#constants[index]?.values;
    return this.#native.tensorDataSync(this.#lazy.real(id));
  }

  /** Something that no graph can foresee: from here on the step runs eagerly. */
  interrupt(why: string): void {
    this.#opaque = true;
    this.runPutOff();
    this.#options.onInterrupt?.(why);
  }

  /** Runs one by one what was put off. */
  runPutOff(): void {
    if (!this.#putOff) return;
    this.#putOff = false;
    this.#constantIds.forEach((id, index) => {
      const { shape, dtype, values } = this.#constants[index] as Constant;
      this.#lazy.resolve(id, this.#native.createTensor(shape, dtype, values), { shape, dtype });
    });
    for (; this.#ran < this.#ops.length; this.#ran++) this.#run(this.#ran);
    for (const id of this.#freed.splice(0)) this.#lazy.free(id);
  }

  /** Takes the native tensors that became of the surviving outputs, in order, and frees what the step is done with. */
  settle(outputs: readonly NativeTensor[]): void {
    let next = 0;
    for (const [id, ref] of this.#alive) {
      const { kind, index, output } = ref;
      if (!this.#putOff) {
        // it has run: what lives on is known by its layout, should a later step use it
        const layout = kind === 'op' ? this.#ops[index]?.outputs[output] : this.#constants[index];
        this.#lazy.resolve(id, this.#lazy.real(id), layout as Layout);
      } else if (kind === 'op') {
        const tensor = outputs[next++] as NativeTensor;
        this.#lazy.resolve(id, tensor.id, tensor);
      } else if (kind === 'constant') {
        const { shape, dtype, values } = this.#constants[index] as Constant;
        this.#lazy.resolve(id, this.#native.createTensor(shape, dtype, values), { shape, dtype });
      }
    }
    if (!this.#putOff) return;
    for (const id of this.#freed) if (!this.#refs.has(id) || this.#isInput(id)) this.#lazy.free(id);
    this.#putOff = false;
  }

  get #native(): NativeBinding {
    return this.#lazy.native;
  }

  #isInput(id: number): boolean {
    return this.#refs.get(id)?.kind === 'input';
  }

  #run(index: number): void {
    const { name, attrs, inputs } = this.#ops[index] as TracedOp;
    const ids = this.#opIds[index] as number[];
    const real = inputs.map((ref) => this.#lazy.real(this.#idOf(ref)));
    this.#native.executeOp(name, attrs, real, ids.length).forEach((tensor, i) => {
      this.#lazy.resolve(ids[i] as number, tensor.id, tensor);
    });
  }

  #idOf({ kind, index, output }: Ref): number {
    if (kind === 'op') return this.#opIds[index]?.[output] as number;
    return (kind === 'input' ? this.#inputIds : this.#constantIds)[index] as number;
  }

  #add(op: TracedOp, tensors: readonly NativeTensor[]): NativeTensor[] {
    const index = this.#ops.length;
    this.#ops.push(op);
    this.#opIds.push(tensors.map(({ id }) => id));
    tensors.forEach(({ id }, output) => this.#remember(id, { kind: 'op', index, output }));
    return [...tensors];
  }

  #stand({ shape, dtype }: Layout): NativeTensor {
    return { id: this.#lazy.placeholder(), shape: shape as number[], dtype };
  }

  #remember(id: number, ref: Ref): void {
    this.#refs.set(id, ref);
    this.#alive.set(id, ref);
  }

  /** A tensor that is not of this step is one of its inputs. */
  #refOf(id: number): Ref {
    const known = this.#refs.get(id);
    if (known) return known;
    const input = this.#options.inputs.get(id) ?? this.#stranger(id);
    const index = this.#inputs.length;
    if (this.#putOff) {
      this.#narrow(({ inputs }) => inputs[index] !== undefined && sameInput(inputs[index], input));
    }
    const ref: Ref = { kind: 'input', index, output: 0 };
    this.#inputs.push(input);
    this.#inputIds.push(id);
    this.#refs.set(id, ref);
    return ref;
  }

  /** A tensor without a role: known by the shape it had when an earlier step made it, or by its id. */
  #stranger(id: number): Input {
    const layout = this.#lazy.layoutOf(id);
    if (layout) return { key: KEPT, layout };
    const [same] = this.#native.executeOp('Identity', [], [id], 1) as [NativeTensor];
    this.#native.deleteTensor(same.id);
    return { key: STRANGER + id, layout: same };
  }

  #narrow(predicts: (trace: Trace) => boolean): void {
    this.#candidates = this.#candidates.filter(predicts);
    if (this.#candidates.length === 0) this.runPutOff();
  }
}

function sameInput(a: Input, b: Input): boolean {
  return a.key === b.key && sameLayout(a.layout, b.layout);
}
