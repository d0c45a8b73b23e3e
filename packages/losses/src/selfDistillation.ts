import {
  type Criterion,
  defineCriterion,
  deepestFeature,
  DistillError,
  featureShape,
  knobSchema,
  mapKnob,
  type NamedExit,
  namedExits,
  type PrepareContext,
  type Student,
  unknownName,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { beYourOwnTeacher } from './beYourOwnTeacher.js';
import { layerNames } from './featureCriterion.js';
import { weighting, weightOptions } from './weighting.js';

const options = z.strictObject({
  exits: z.optional(layerNames),
  deepest: z.optional(z.string()),
  alpha: z._default(knobSchema({ atLeast: 0, atMost: 1 }), 0.3),
  temperature: z._default(knobSchema({ above: 0 }), 3),
  featureWeight: z._default(knobSchema({ atLeast: 0 }), 0.03),
  seed: z._default(z.int(), 0),
  ...weightOptions(),
});

const WHERE = 'selfDistillation';

/**
 * Self-distillation of a model from `attachExits`, `type: 'self-distillation'`. Needs no teacher: the deepest classifier
 * teaches the exits.
 *
 * `beYourOwnTeacher` with its layers found in the model: over all exits, the labels' cross-entropy times `1 − alpha`, the
 * deepest classifier's soft targets times `alpha`, and the squared distance of the exit's feature to the deepest feature times
 * `featureWeight`, through an adapter where a head does not give its shape. The distance is a sum over channels and a mean
 * over positions: of one size with the pooled vectors that the authors compare. The deepest classifier is a constant in all
 * three: it learns by the task's own loss, of weight 1.
 *
 * `exits` names some of the exits, default all; `deepest` another layer for the deepest feature than the last of the body
 * that has the exits' rank. With `alpha: 0, featureWeight: 0` the exits learn by labels alone.
 *
 * @throws DistillError if the student has no exits, or none of that name.
 *
 * @example
 * const student = attachExits(model, [{ after: 'conv2', head: 'attention' }]);
 * prepareCompression(student, { criterion: selfDistillation({ temperature: 3, alpha: 0.3 }) });
 *
 * @see Zhang et al., "Be Your Own Teacher", https://arxiv.org/abs/1905.08094 (2019)
 */
export const selfDistillation = defineCriterion({
  type: 'self-distillation',
  options,
  create: (given) => {
    let inner: Criterion | undefined;
    const wired = (): Criterion => {
      if (inner !== undefined) return inner;
      throw new DistillError('ORDER', 'The criterion computes before it was prepared.', {
        where: WHERE,
        hint: 'Give it to prepareCompression, or call its prepare({ student, teacher }) first.',
      });
    };
    return {
      ...weighting(given),
      requires: { teacher: false, labels: given.alpha !== 1 },
      get taps() {
        return inner?.taps ?? {}; // the layers are known once the student is
      },
      get variables() {
        return inner?.variables ?? [];
      },
      prepare: (context) => {
        inner ??= beYourOwnTeacher(wiring(given, context));
        inner.prepare?.(context); // refuses a second manager
      },
      compute: (ctx) => wired().compute(ctx),
      dispose: () => {
        inner?.dispose?.();
        inner = undefined;
      },
    };
  },
});

/** The options of `beYourOwnTeacher` for this student. */
function wiring(given: z.output<typeof options>, { student }: PrepareContext) {
  const { alpha, temperature, featureWeight, weight, taskWeight, seed } = given;
  const exits = chosenExits(given.exits, student);
  const layers = exits.map(({ feature }) => feature);
  const deepest = given.deepest ?? nearestOutput(layers, student);
  return {
    exits: exits.map(({ name }) => name),
    ...(featureWeight !== 0 && deepest && { features: { exits: layers, deepest, seed } }),
    featureWeight: deepest
      ? mapKnob(featureWeight, (value) => value / positionsOf(student, deepest))
      : featureWeight,
    ...{ alpha, temperature, weight, taskWeight },
  };
}

/** Pixels or time steps of a feature, without batch and channels. */
function positionsOf(student: Student, layer: string): number {
  return featureShape(student, layer)
    .slice(1, -1)
    .reduce<number>((product, size) => product * (size ?? 1), 1);
}

function chosenExits(
  wanted: readonly string[] | undefined,
  { name: model, signature }: Student,
): NamedExit[] {
  const found = namedExits(signature);
  if (found.length === 0) {
    throw new DistillError('OPTION', `Student "${model}" has no exits.`, {
      where: WHERE,
      hint: 'Attach some with attachExits(model, [{ after, head }]), or name any layers with beYourOwnTeacher.',
    });
  }
  if (wanted === undefined) return found;
  const names = found.map(({ name }) => name);
  return wanted.map((name) => {
    const exit = found.find((candidate) => candidate.name === name);
    if (exit === undefined) throw unknownName('exit', name, names, { where: WHERE });
    return exit;
  });
}

/** The deepest feature that adapters can bring all exits' features to: a map becomes a vector, never the other way round. */
function nearestOutput(layers: readonly string[], student: Student): string | undefined {
  const ranks = layers.map((layer) => featureShape(student, layer).length);
  return deepestFeature(student.signature, Math.min(...ranks));
}
