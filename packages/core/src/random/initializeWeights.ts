import { type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { DistillError, messageOf } from '../errors.js';
import { withSeed } from './withSeed.js';

interface ModelClass {
  fromConfig(type: unknown, config: unknown): LayersModel;
}

/**
 * Draws the weights of a built model anew, by the initializers of its layers and one seed.
 *
 * Seeds that the layers' own initializers have do not count here; weights that were trained are gone.
 *
 * @param seed Whole number. The same seed gives the same weights on every machine and engine.
 * @throws DistillError if a layer's class is not registered with tf.serialization.
 *
 * @example
 * initializeWeights(student, 1); // the student of run 1
 */
export function initializeWeights(model: LayersModel, seed: number): void {
  const twin = withSeed(seed, () => build(model));
  const weights: Tensor[] = twin.getWeights();
  model.setWeights(weights);
  twin.dispose();
}

function build(model: LayersModel): LayersModel {
  const type = model.constructor as unknown as ModelClass;
  try {
    const twin = type.fromConfig(type, withoutSeeds(model.getConfig()));
    if (!twin.built) twin.build(model.inputs[0]?.shape ?? []);
    return twin;
  } catch (cause) {
    throw new DistillError('OPTION', `Model "${model.name}" cannot be built again: ${messageOf(cause)}`, {
      where: 'initializeWeights',
      hint: 'Register its own layers with tf.serialization.registerClass, or build the model from a seed yourself.',
      cause,
    });
  }
}

/** A configuration in which no initializer has a seed of its own. */
function withoutSeeds(config: unknown): unknown {
  if (Array.isArray(config)) return config.map(withoutSeeds);
  if (typeof config !== 'object' || config === null) return config;
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      /initializer$/i.test(key) ? unseeded(value) : withoutSeeds(value),
    ]),
  );
}

function unseeded(initializer: unknown): unknown {
  if (typeof initializer !== 'object' || initializer === null) return initializer;
  const { config, ...rest } = initializer as { config?: object };
  return { ...rest, ...(config && { config: { ...config, seed: null } }) };
}
