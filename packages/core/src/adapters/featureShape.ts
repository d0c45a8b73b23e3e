import { DistillError, unknownName } from '../errors.js';
import { type ModelSignature, type Shape } from '../models/ModelSignature.js';

/** A student or a teacher: whoever has features. */
interface Side {
  readonly name: string;
  readonly signature: ModelSignature;
}

/**
 * Shape of a feature, as a model declares it.
 *
 * @throws DistillError if the model declares no shapes, or has no such feature (nearest name offered).
 *
 * @example
 * featureShape(student, 'conv2'); // [null, 8, 8, 16]
 */
export function featureShape({ name, signature }: Side, feature: string): Shape {
  const shape = signature.features?.[feature];
  if (shape !== undefined) return shape;
  if (signature.features !== undefined) {
    throw unknownName('layer', feature, Object.keys(signature.features), { where: `"${name}"` });
  }
  throw new DistillError('SHAPE', `The shape of feature "${feature}" of "${name}" is not known.`, {
    hint: `Declare it: signature: { features: { '${feature}': [null, height, width, channels] } }; or give both sides one shape and the criterion adapter 'identity'.`,
  });
}
