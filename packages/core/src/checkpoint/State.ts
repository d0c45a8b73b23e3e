import { type Tensor } from '@tensorflow/tfjs-core';

/** What a checkpoint can hold: JSON, with tensors among its leaves. */
export type StateValue =
  | null
  | boolean
  | number
  | string
  | Tensor
  | undefined
  | readonly StateValue[]
  | { readonly [key: string]: StateValue };

/** Named parts of something that can be put back as it was. */
export type State = Readonly<Record<string, StateValue>>;
