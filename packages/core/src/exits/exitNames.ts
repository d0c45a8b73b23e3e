import { type ModelSignature, type Shape } from '../models/ModelSignature.js';

/** Name of the layer that gives the logits of the exit after a layer. */
export const exitName = (after: string): string => `exit_${after}`;

/** Name of a layer within an exit. The one with the role `feature` is compared with the deepest feature. */
export const partName = (role: string, after: string): string => `${role}_${exitName(after)}`;

/** An exit of a student, as its signature shows it. */
export interface NamedExit {
  readonly name: string;
  /** What self-distillation draws to the deepest feature. */
  readonly feature: string;
}

/**
 * Exits by the names that `attachExits` gives: `exit_<layer>` for the logits, `feature_exit_<layer>` for the feature, or
 * else the layer itself.
 *
 * @example
 * namedExits(student.signature); // [{ name: 'exit_conv2', feature: 'feature_exit_conv2' }]
 */
export function namedExits({ features = {}, output }: ModelSignature): NamedExit[] {
  const isExit = ([name, shape]: [string, Shape]) =>
    name.startsWith(exitName('')) && shape.join() === output?.join();
  return Object.entries(features)
    .filter(isExit)
    .map(([name]) => {
      const after = name.slice(exitName('').length);
      const feature = partName('feature', after);
      return { name, feature: feature in features ? feature : after };
    });
}

/**
 * The deepest layer of the body whose feature has a rank: before the output, outside of all exits. Of maps, the last that is
 * larger than one pixel, if there is one.
 *
 * @returns `undefined` if there is none.
 */
export function deepestFeature({ features = {}, output }: ModelSignature, rank: number): string | undefined {
  const ofExit = (name: string) => name.startsWith(exitName('')) || name.includes(`_${exitName('')}`);
  const body = Object.entries(features).filter(([name]) => !ofExit(name));
  const endsInOutput = body.at(-1)?.[1].join() === output?.join();
  const candidates = (endsInOutput ? body.slice(0, -1) : body).filter(([, shape]) => shape.length === rank);
  const spread = candidates.findLast(([, shape]) => shape.slice(1, -1).some((size) => size !== 1));
  return (spread ?? candidates.at(-1))?.[0];
}
