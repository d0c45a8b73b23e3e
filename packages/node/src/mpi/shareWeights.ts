import { tensor, type Variable } from '@tensorflow/tfjs-core';
import { type Collective } from './Collective.js';

/** Gives all ranks the values that rank 0's variables have. */
export async function shareWeights(ranks: Collective, variables: readonly Variable[]): Promise<void> {
  for (const variable of variables) {
    const values = Float32Array.from(await variable.data());
    ranks.broadcast(values);
    if (ranks.rank === 0) continue;
    const { shape, dtype } = variable;
    const value = tensor(values, shape, dtype);
    variable.assign(value);
    value.dispose();
  }
}
