import { type TeacherOutputs } from '../TeacherSource.js';
import { type StoreHeader } from './StoreHeader.js';

/**
 * A teacher's outputs, computed once and looked up by sample id.
 *
 * Variants: `memoryTeacherStore` on the device, a folder of files (`openTeacherStore` of the node
 * package). `storedTeacher` makes a teacher of one.
 */
export interface TeacherStore {
  /** Whose outputs to what, and in which form. */
  readonly header: StoreHeader;
  /** Number of stored samples. */
  readonly size: number;
  /** Whether every one of these samples is stored. */
  has(ids: Int32Array): boolean;
  /**
   * The outputs of these samples, in this order; ids may repeat. The caller owns the tensors.
   *
   * @param taps The features to read besides. Default none.
   * @throws DistillError `DATA` if a sample is not stored, `OPTION` if a feature is not.
   */
  rows(ids: Int32Array, taps?: readonly string[]): TeacherOutputs | Promise<TeacherOutputs>;
  /** Starts to read what `rows` will soon be asked for with the same arguments. Holds no tensors. */
  prefetch?(ids: Int32Array, taps?: readonly string[]): void;
  /** Frees tensors and closes files. */
  dispose(): void;
}

/** A teacher's outputs of some samples as plain numbers: what is written into a store. */
export interface TeacherRows {
  /** Stable id of each sample. */
  readonly ids: Int32Array;
  /** Unscaled logits, row-major `[samples, …positions, classes]`. */
  readonly logits: Float32Array;
  /** Each feature, row-major `[samples, …shape]`. */
  readonly features?: Readonly<Record<string, Float32Array>>;
}

/** Fills a store. What `append` has taken survives a kill at any moment. */
export interface TeacherStoreWriter {
  readonly header: StoreHeader;
  /** Number of samples stored so far, those of an interrupted run included. */
  readonly size: number;
  /** Those of these samples that are not stored yet, in their order. */
  missing(ids: Int32Array): Int32Array;
  /**
   * Adds outputs, encoded as the header says.
   *
   * @throws DistillError `SHAPE` if sizes do not fit the header, `DATA` if a value is not finite or does not fit the
   *   number type, or a sample is stored already.
   */
  append(rows: TeacherRows): Promise<void>;
  /** Marks the store as whole. Before it `openTeacherStore` refuses. */
  close(): Promise<void>;
}
