/** In several shards, twice, and not in their order. */
export const LABELS_ASKED = [99, 3, 50, 3, 0];

export interface StoreAnswers {
  /** Whether the browser kept the files from an earlier visit. */
  readonly kept: boolean;
  /** Logits of the samples asked for, by where they were read. */
  readonly logits: Readonly<Record<string, readonly number[]>>;
}
