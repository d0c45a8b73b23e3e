/** A tensor's shape; `null` where any size fits, such as the batch. */
export type Shape = readonly (number | null)[];

/** What is known of a model before it runs. */
export interface ModelSignature {
  /** Shape of each input, batch first. */
  readonly inputs?: readonly Shape[];
  /** Shape of the output that distillation looks at: `[…batch, classes]`. */
  readonly output?: Shape;
  /** Shape of each feature that can be tapped, batch first; absent where they are not known. */
  readonly features?: Readonly<Record<string, Shape>>;
}

/** The class count of a signature, if it is known. */
export function classCount({ output }: ModelSignature): number | undefined {
  return output?.at(-1) ?? undefined;
}
