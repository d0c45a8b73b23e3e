import { type DistillError, expected, unknownName } from '../errors.js';
import { type Criterion, type CriterionClass, type CriterionFunction } from './Criterion.js';
import { type CriterionFactory } from './defineCriterion.js';

/** A criterion as JSON: its type and its options. */
export interface CriterionConfig {
  readonly type: string;
  readonly [option: string]: unknown;
}

/** Everything that can be a criterion. */
export type CriterionLike = Criterion | CriterionFunction | CriterionClass | CriterionConfig;

export interface CriterionResolver {
  /** Definitions that JSON may name. */
  readonly definitions: readonly CriterionFactory[];
  /** Makes an instance of a class, its dependencies injected. */
  construct(criterion: CriterionClass): Criterion;
}

/** One criterion or a list of them, in any of the forms. */
export function resolveCriteria(
  value: CriterionLike | readonly CriterionLike[],
  resolver: CriterionResolver,
): readonly Criterion[] {
  const list: readonly CriterionLike[] = Array.isArray(value) ? value : [value as CriterionLike];
  if (list.length === 0) {
    throw expected('criterion', 'at least one criterion', 'an empty list', { where: 'prepareCompression' });
  }
  return list.map((item) => checked(resolveCriterion(item, resolver)));
}

function resolveCriterion(value: CriterionLike, resolver: CriterionResolver): Criterion {
  if (isCriterionClass(value)) return resolver.construct(value);
  if (typeof value === 'function') return fromFunction(value);
  if (typeof (value as Criterion | undefined)?.compute === 'function') return value as Criterion;
  const { type, ...options } = (value ?? {}) as CriterionConfig;
  if (typeof type !== 'string') {
    throw expected('criterion', 'a criterion, (teacher, student) => Scalar, a class or { type, … }', value, {
      where: 'prepareCompression',
    });
  }
  const definition = resolver.definitions.find((candidate) => candidate.type === type);
  if (definition === undefined) throw unknownType(type, resolver.definitions);
  return definition(options);
}

function checked(criterion: Criterion): Criterion {
  if (typeof criterion.type === 'string') return criterion;
  throw expected('criterion.type', 'a name for reports', criterion.type, {
    where: criterion.constructor.name,
  });
}

function fromFunction(f: CriterionFunction): Criterion {
  return {
    type: f.name || 'criterion',
    compute: (ctx) => f(ctx.teacherOutputs.logits, ctx.studentOutputs.output, ctx),
  };
}

function isCriterionClass(value: unknown): value is CriterionClass {
  const { prototype } = value as { prototype?: Partial<Criterion> };
  return typeof value === 'function' && typeof prototype?.compute === 'function';
}

function unknownType(type: string, definitions: readonly CriterionFactory[]): DistillError {
  const known = definitions.map((definition) => definition.type);
  const hint = 'No criteria are registered: pass `modules: [lossesModule]` of @tfjs-distill/losses.';
  return unknownName('criterion type', type, known, {
    where: 'prepareCompression',
    ...(known.length === 0 && { hint }),
  });
}
