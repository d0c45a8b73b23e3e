import { type NativeBinding, type NativeTensor } from './binding.js';
import { GraphProgram } from './GraphProgram.js';
import { type Recording } from './Recording.js';
import { sameValues, type Trace } from './Trace.js';
import { writeGraph } from './writeGraph.js';

/**
 * A trace and its graph. Constants that were the same in every step so far are part of the graph; one
 * that turns out to differ is fed from then on, by a graph written anew.
 */
export class CompiledTrace {
  readonly #native: NativeBinding;
  readonly #fed = new Set<number>();
  #program: GraphProgram | undefined;

  constructor(
    native: NativeBinding,
    readonly trace: Trace,
  ) {
    this.#native = native;
    trace.constants.forEach(({ values }, i) => {
      if (!ArrayBuffer.isView(values)) this.#fed.add(i);
    });
  }

  /** Constants that differ from step to step. */
  get fed(): ReadonlySet<number> {
    return this.#fed;
  }

  /** Runs a step that was put off. */
  run(recording: Recording): NativeTensor[] {
    this.#compare(recording);
    const fed = [...this.#fed].map((i) => {
      const { shape, dtype, values } = recording.constants[i] as Trace['constants'][number];
      return this.#native.createTensor(shape, dtype, values);
    });
    try {
      return this.program().run([...recording.inputIds, ...fed]);
    } finally {
      for (const id of fed) this.#native.deleteTensor(id);
    }
  }

  program(): GraphProgram {
    this.#program ??= new GraphProgram(this.#native, writeGraph(this.trace, { fed: this.#fed }));
    return this.#program;
  }

  dispose(): void {
    this.#program?.dispose();
    this.#program = undefined;
  }

  #compare({ constants }: Recording): void {
    const { trace } = this;
    if (constants === trace.constants) return;
    trace.constants.forEach(({ values }, i) => {
      if (this.#fed.has(i) || sameValues(values, constants[i]?.values)) return;
      this.#fed.add(i);
      this.dispose();
    });
  }
}
