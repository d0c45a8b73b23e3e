import { type NativeBinding, type NativeTensor } from './binding.js';
import { storeGraph } from './graphStore.js';
import { type WrittenGraph } from './writeGraph.js';

/** A written graph, loaded into a TensorFlow session of its own. */
export class GraphProgram {
  readonly #native: NativeBinding;
  readonly #feeds: string;
  readonly #fetches: string;
  #session: number | undefined;

  /** @param config A ConfigProto for its session. */
  constructor(native: NativeBinding, { bytes, feeds, fetches }: WrittenGraph, config?: Uint8Array) {
    this.#native = native;
    this.#feeds = feeds.join(',');
    this.#fetches = fetches.join(',');
    this.#session = native.loadSavedModel(storeGraph(bytes, config), 'serve');
  }

  /**
   * Runs it once. Nothing crosses into JavaScript.
   *
   * @param ids Native tensors, in the order of the graph's feeds. Stay the caller's.
   * @returns Native tensors in the order of its fetches. The caller owns them.
   */
  run(ids: readonly number[]): NativeTensor[] {
    if (this.#session === undefined) throw new Error('The graph is disposed.');
    return this.#native.runSavedModel(this.#session, ids, this.#feeds, this.#fetches);
  }

  dispose(): void {
    if (this.#session !== undefined) this.#native.deleteSavedModel(this.#session);
    this.#session = undefined;
  }
}
