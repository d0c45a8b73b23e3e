/** One split of a data set, in memory as its files hold it. */
export interface Samples {
  /** Row-major. Bytes are 0 to 255 and reach a model as 0 to 1; floats reach it as they are. */
  readonly values: Uint8Array | Float32Array;
  /** Sizes of `values`: samples, then one sample's, e.g. `[60000, 28, 28, 1]`. */
  readonly shape: readonly [samples: number, ...sample: number[]];
  /** Class index of each sample; −1 where there is none. */
  readonly labels: Int32Array;
  /** A number that stays with each sample, unique in the data set: what stored teacher outputs are looked up by. */
  readonly ids: Int32Array;
}

/** A data set for classification, whatever it was read from. Plain arrays: nobody owns a tensor. */
export interface Dataset {
  /** For people, e.g. `mnist`. */
  readonly name: string;
  readonly train: Samples;
  readonly test: Samples;
  /** One a class, in the order of the labels. */
  readonly classNames: readonly string[];
  /** One sample's shape, e.g. `[28, 28, 1]`. */
  readonly inputShape: readonly number[];
  /** A short name for exactly these samples and labels, the same on every machine. */
  readonly fingerprint: string;
}
