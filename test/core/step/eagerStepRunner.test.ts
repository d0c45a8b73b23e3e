import { add, mul, scalar, type Tensor, tensor2d, train, variable } from '@tensorflow/tfjs-core';
import { labelsOnly, type Plugin, prepareCompression } from '@tfjs-distill/core';
import { expect, it } from 'vitest';

it.each(['adam', 'adamax', 'rmsprop', 'adagrad'] as const)(
  'gives each variable its own moments of %s when another one’s gradient vanishes',
  async (name) => {
    const optimizers = {
      adam: () => train.adam(0.1),
      adamax: () => train.adamax(0.1),
      rmsprop: () => train.rmsprop(0.1, 0.9, 0.5),
      adagrad: () => train.adagrad(0.1),
    };
    /** Where `b` gets to in two steps of gradient −2, with and without a gradient of `a` in the second one. */
    const moved = async (vanishes: boolean) => {
      const [a, b] = [variable(scalar(0), true), variable(scalar(0), true)];
      const forward = (x: unknown) => add(mul(x as Tensor, a), b);
      const constant: Plugin = {
        name: 'constant',
        onBeforeOptimizerStep: (_, { globalStep }) => ({
          ...(globalStep === 0 || !vanishes ? { [a.name]: scalar(10) } : {}),
          [b.name]: scalar(-2),
        }),
      };
      const manager = prepareCompression(
        { variables: [a, b], forward },
        { criterion: labelsOnly, optimizer: optimizers[name](), plugins: [constant] },
      );
      const batch = { x: tensor2d([[1, 2]]), y: tensor2d([[0, 1]]) };
      for (let step = 0; step < 2; step++) await manager.trainStep(batch);
      const [value = NaN] = await b.data();
      for (const owned of [manager, a, b]) owned.dispose();
      return value;
    };
    expect(await moved(true)).toBe(await moved(false));
  },
);
