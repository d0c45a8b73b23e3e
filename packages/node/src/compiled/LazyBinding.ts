import { type NativeBackend, type NativeBinding, type NativeTensor, type OpAttr } from './binding.js';
import { type Layout } from './Trace.js';
import { Recording, type RecordOptions } from './Recording.js';

/** Steps that are known in full and have not run. */
export interface Backlog {
  /** Runs them all. */
  run(): void;
}

/** Ids from here on stand for tensors that native code has not made yet; its own ids are 32-bit. */
const FIRST_PLACEHOLDER = 2 ** 32;

/**
 * Stands in front of tfjs-node's addon and lets a step be recorded, or put off until all of it is known.
 *
 * While nothing is recorded it only forwards. During `record`, operations either run at once and are
 * written down, or, where a known trace starts with the same operations, nothing runs: each call is
 * answered with a placeholder of the shape that the trace tells. At the end the caller runs the trace as
 * one graph and says which native tensor each surviving placeholder became. As soon as a step leaves
 * every known trace, or reads a value, the put-off operations run one by one and the step goes on eagerly.
 */
export class LazyBinding {
  readonly #native: NativeBinding;
  /** The addon's own interface: its constants, and the calls below. */
  readonly binding: NativeBinding;
  /** Placeholders that became native tensors and still live in JavaScript. */
  readonly #known = new Map<number, { readonly id: number; readonly layout: Layout }>();
  readonly #pinned = new Set<number>();
  #next = FIRST_PLACEHOLDER;
  #recording: Recording | undefined;
  /** Whether layouts are noted of what is made, though nothing is recorded. */
  #noting = false;
  /** The steps that wait, if any do. */
  #backlog: Backlog | undefined;
  /** Placeholders that a waiting step will fill and that somebody still holds. */
  readonly #awaited = new Set<number>();
  /** Tensors that waiting steps need, and those among them that were freed meanwhile. */
  readonly #held = new Set<number>();
  readonly #released: number[] = [];

  constructor(native: NativeBinding) {
    this.#native = native;
    const calls: Partial<NativeBinding> = {
      executeOp: (name, attrs, inputs, outputs) => this.#executeOp(name, attrs, inputs, outputs),
      createTensor: (shape, dtype, values) => this.#createTensor(shape, dtype, values),
      deleteTensor: (id) => this.#deleteTensor(id),
      tensorDataSync: (id) => this.#read(id),
      runSavedModel: (id, inputs, ...names) => this.#runSavedModel(id, inputs, ...names),
    };
    // the addon's properties are read-only, also for those that inherit them by assignment
    this.binding = Object.create(native, describe(calls)) as NativeBinding;
  }

  /** The addon itself. */
  get native(): NativeBinding {
    return this.#native;
  }

  /** Native id of a tensor that JavaScript knows by `id`. */
  real(id: number): number {
    if (this.#awaited.has(id)) this.catchUp();
    return this.#known.get(id)?.id ?? id;
  }

  /** Notes steps that wait: they run as soon as one of the awaited placeholders is needed. */
  putOff(
    backlog: Backlog,
    ids: { readonly awaited: readonly number[]; readonly held: readonly number[] },
  ): void {
    if (this.#backlog !== backlog) this.catchUp(); // one training's steps wait at a time
    this.#backlog = backlog;
    for (const id of ids.awaited) this.#awaited.add(id);
    for (const id of ids.held) this.#held.add(id);
  }

  /** Runs the steps that wait. */
  catchUp(): void {
    const backlog = this.#backlog;
    if (backlog === undefined) return;
    this.#backlog = undefined;
    backlog.run();
    this.#held.clear();
    for (const id of this.#released.splice(0)) this.free(id);
  }

  /** Whether a placeholder is still to be filled for somebody. */
  isAwaited(placeholder: number): boolean {
    return this.#awaited.has(placeholder);
  }

  /** Takes what a waiting step gave: for whoever holds the placeholder, or for nobody. */
  arrive(placeholder: number, tensor: NativeTensor): void {
    if (this.#awaited.delete(placeholder)) this.resolve(placeholder, tensor.id, tensor);
    else this.#native.deleteTensor(tensor.id);
  }

  /** Runs `body` and records it; see `Recording` for what there is to know of it afterwards. */
  record(options: RecordOptions, body: () => void): Recording {
    this.catchUp();
    this.#recording = new Recording(this, options);
    try {
      body();
    } catch (error) {
      this.#recording?.runPutOff();
      this.#recording = undefined;
      throw error;
    }
    return this.#stop();
  }

  /**
   * Stops recording for as long as `body` runs, and begins anew when it has.
   *
   * @param end Given what was recorded: runs what was put off.
   */
  interlude<T>(end: (recording: Recording) => void, body: () => T, next: (result: T) => RecordOptions): T {
    end(this.#stop());
    this.#noting = true;
    try {
      const result = body();
      this.#recording = new Recording(this, next(result));
      return result;
    } finally {
      this.#noting = false;
    }
  }

  #stop(): Recording {
    const recording = this.#recording as Recording;
    this.#recording = undefined;
    if (!recording.putOff) recording.settle([]);
    return recording;
  }

  placeholder(): number {
    return this.#next++;
  }

  /** Says what a placeholder became. */
  resolve(placeholder: number, id: number, layout: Layout): void {
    this.#known.set(placeholder, { id, layout });
  }

  layoutOf(id: number): Layout | undefined {
    return this.#known.get(id)?.layout;
  }

  /** Frees a native tensor, known by its own id or by a placeholder. */
  free(id: number): void {
    if (this.#awaited.delete(id)) return;
    if (this.#held.has(id)) {
      this.#released.push(id);
      return;
    }
    this.#native.deleteTensor(this.real(id));
    this.#known.delete(id);
    this.#pinned.delete(id);
  }

  /** How many inputs the step under way has used so far. */
  get inputsSoFar(): number {
    return this.#recording?.inputIds.length ?? 0;
  }

  /** Notes a tensor that a plan feeds by its id; `isPinned` is false once it is freed. */
  pin(id: number): void {
    this.#pinned.add(id);
  }

  isPinned(id: number): boolean {
    return this.#pinned.has(id);
  }

  #executeOp(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly number[],
    outputs: number,
  ): NativeTensor[] {
    if (this.#recording) return this.#recording.executeOp(name, attrs, inputs, outputs);
    const tensors = this.#native.executeOp(name, attrs, this.#reals(inputs), outputs);
    if (this.#noting) for (const tensor of tensors) this.resolve(tensor.id, tensor.id, tensor);
    return tensors;
  }

  #createTensor(shape: readonly number[], dtype: number, values: unknown): number {
    if (this.#recording) return this.#recording.createTensor(shape, dtype, values);
    const id = this.#native.createTensor(shape, dtype, values);
    if (this.#noting) this.resolve(id, id, { shape, dtype });
    return id;
  }

  #deleteTensor(id: number): void {
    if (this.#recording) this.#recording.deleteTensor(id);
    else this.free(id);
  }

  #read(id: number): unknown {
    return this.#recording ? this.#recording.read(id) : this.#native.tensorDataSync(this.real(id));
  }

  #runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string) {
    this.#recording?.interrupt('a SavedModel runs');
    return this.#native.runSavedModel(id, this.#reals(inputs), inputNames, outputNames);
  }

  #reals(ids: readonly number[]): readonly number[] {
    return ids.some((id) => id >= FIRST_PLACEHOLDER) ? ids.map((id) => this.real(id)) : ids;
  }
}

function describe(calls: object): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(calls).map(([name, value]) => [name, { value: value as unknown }]),
  );
}

const installed = new WeakMap<NativeBackend, LazyBinding>();

/** The lazy binding of a backend; put in place at the first call, for good. */
export function lazyBindingOf(backend: NativeBackend): LazyBinding {
  let lazy = installed.get(backend);
  if (lazy === undefined) {
    lazy = new LazyBinding(backend.binding);
    backend.binding = lazy.binding;
    installed.set(backend, lazy);
  }
  return lazy;
}
