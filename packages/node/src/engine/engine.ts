/** Every engine, the fastest first where all are usable. */
export const ENGINE_NAMES = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** What a probe found. `reason` and `remedy` are for people; the remedy says what to type, where anything helps. */
export type Verdict =
  | {
      readonly usable: true;
      /** The version of what computes, e.g. TensorFlow's `2.21.0`. */
      readonly version: string;
      /** What else `distill doctor` shows, e.g. `{ gpu: 'yes' }`. */
      readonly facts?: Readonly<Record<string, string>>;
      /** Why it runs only where it is asked for by name, e.g. a graphics adapter made of software. */
      readonly onlyByName?: string;
    }
  | { readonly usable: false; readonly reason: string; readonly remedy?: string };

/** One way of computing. All engines have this one interface; nothing else asks which one it is. */
export interface Engine {
  readonly name: EngineName;
  /** TensorFlow.js's name of the backend, as `getBackend()` returns it. */
  readonly backend: string;
  /** One sentence: what it is and whom it suits. */
  readonly description: string;
  /** Says whether it would run here. Never throws, and never loads native code into this process. */
  probe(options?: ProbeOptions): Promise<Verdict>;
  /** Makes it TensorFlow.js's backend. Call it only where `probe` said usable. */
  load(): Promise<void>;
}

export interface ProbeOptions {
  /** Look anew, instead of trusting a kept verdict. Default false. */
  readonly fresh?: boolean;
}
