import { type CriterionFactory } from '@tfjs-distill/core';

/**
 * One line of the conformance table: a method, and what the checks must know of it. The defaults are
 * what most methods are: logits of 10 classes, 0 for identical inputs, all checks apply.
 */
export interface Method {
  readonly factory: CriterionFactory;
  /** Plain JSON: the criterion is also built from its configuration. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Classes of both sides' logits, or leading dimensions too: `[time, classes]`. Default `[10]`. */
  readonly logits?: readonly number[];
  /** Shapes of the tapped features by layer, without the batch. */
  readonly features?: {
    readonly student: Readonly<Record<string, readonly number[]>>;
    readonly teacher: Readonly<Record<string, readonly number[]>>;
  };
  /** Samples in a batch. Default 6. */
  readonly batch?: number;
  /** The term where the student says what the teacher says; default 0. A sentence where there is no such floor. */
  readonly floor?: number | string;
  /** How near to the floor, where rounding or a documented constant makes it coarser. Default 1e-5. */
  readonly tolerance?: number;
  /** Why the order of the batch matters, where it does. */
  readonly ordered?: string;
  /** Why outputs given by hand say nothing, where the criterion runs the models itself. */
  readonly runsModels?: string;
  /** Why one sample alone is refused, where it is. */
  readonly noSingle?: string;
  /** Why a sample of weight 0 still tells, where it does. */
  readonly unweighted?: string;
  /** Optimizer steps of the training check: epochs over two batches, and Adam's learning rate. Default 10 and 0.05. */
  readonly training?: { readonly epochs?: number; readonly learningRate?: number };
}

/** The method's type, and which variant if the table has several. */
export function nameOf({ factory, options = {} }: Method): string {
  const variant = Object.entries(options).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return [factory.type, ...variant].join(', ');
}
