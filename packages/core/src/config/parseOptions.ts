import * as z from 'zod/mini';
import { didYouMean, DistillError, expected, unknownName } from '../errors.js';

/** Any zod schema, of the full or the mini package. */
export type Schema<Output = unknown, Input = unknown> = z.core.$ZodType<Output, Input>;

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];
type Where = string | ((path: Path) => string);

/**
 * Checks a configuration against its schema; the first thing wrong becomes one readable error.
 *
 * @param where Put in front of the message, e.g. `knowledgeDistillation`; or a function that knows the place of a
 *   path, such as a file and line.
 * @returns The checked value, defaults filled in.
 * @throws DistillError: "Expected `temperature` to be a number above 0, got -1.", or
 *   "Unknown option "temprature". Did you mean "temperature"?"
 */
export function parseOptions<S extends Schema>(schema: S, value: unknown, where: Where): z.output<S> {
  const result = z.safeParse(schema, value, { error: () => DEFAULT_MESSAGE });
  if (result.success) return result.data;
  throw errorOf(deepest(result.error.issues), schema, value, where);
}

/** Inside a union the branch that got furthest says what was meant. */
function deepest(issues: readonly Issue[]): Issue {
  const [issue] = issues;
  if (issue === undefined) throw new DistillError('OPTION', 'The configuration does not fit its schema.');
  if (issue.code !== 'invalid_union' || issue.message !== DEFAULT_MESSAGE) return issue;
  const branches = issue.errors.filter((branch) =>
    branch.some(({ code, path }) => code !== 'invalid_type' || path.length > 0),
  );
  const [nearest] = branches;
  if (nearest === undefined) return issue;
  const inner = deepest(nearest);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

/** Marks issues whose schema says nothing of its own. zod's own words depend on the locale and the package. */
const DEFAULT_MESSAGE = 'Invalid input';

function errorOf(issue: Issue, schema: Schema, value: unknown, where: Where): DistillError {
  const placeOf = (path: Path) => (typeof where === 'string' ? where : where(path));
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const path = [...issue.path, key];
    const known = siblings(schema, issue.path, value);
    const hint = didYouMean(key, known);
    return unknownName('option', path.map(String).join('.'), known, {
      where: placeOf(path),
      ...(hint !== undefined && { hint }),
    });
  }
  const name = issue.path.map(String).join('.') || 'options';
  return expected(name, ruleOf(issue), valueAt(value, issue.path), { where: placeOf(issue.path) });
}

function ruleOf(issue: Issue): string {
  if (issue.message !== '' && issue.message !== DEFAULT_MESSAGE) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_NAMES[issue.expected] ?? `a value of type ${issue.expected}`;
    case 'too_small':
      return limit(issue.origin, issue.inclusive === false ? 'above' : 'at least', issue.minimum);
    case 'too_big':
      return limit(issue.origin, issue.inclusive === false ? 'below' : 'at most', issue.maximum);
    case 'invalid_value':
      return `one of ${issue.values.map((choice) => JSON.stringify(choice)).join(', ')}`;
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'custom':
      return 'valid';
  }
}

function limit(origin: string, relation: string, bound: number | bigint): string {
  if (origin === 'number' || origin === 'int' || origin === 'bigint') return `a number ${relation} ${bound}`;
  return `${origin === 'array' ? 'a list' : `a ${origin}`} of ${relation} ${bound}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a string',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

/** Keys that the object at a path does know. */
function siblings(schema: Schema, path: Path, value: unknown): string[] {
  let part: Schema | undefined = schema;
  for (const [depth, key] of path.entries()) part = childOf(part, key, valueAt(value, path.slice(0, depth)));
  return Object.keys(shapeOf(part, valueAt(value, path)) ?? {});
}

function childOf(schema: Schema | undefined, key: PropertyKey, value: unknown): Schema | undefined {
  const { element, options } = definitionOf(schema);
  if (typeof key === 'number')
    return element ?? options?.map((option) => childOf(option, key, value)).find((child) => child);
  return shapeOf(schema, value)?.[String(key)];
}

/** What an object may hold; of a union, the branch with the value's `type`, or all together. */
function shapeOf(schema: Schema | undefined, value: unknown): Shape | undefined {
  const { shape, innerType, in: input, options } = definitionOf(schema);
  if (shape !== undefined) return shape;
  if (options === undefined) return (innerType ?? input) && shapeOf(innerType ?? input, value);
  const shapes = options.map((option) => shapeOf(option, value)).filter((found) => found !== undefined);
  const { type } = (value ?? {}) as { type?: unknown };
  const named = shapes.find((candidate) => definitionOf(candidate['type']).values?.includes(type) === true);
  return named ?? (shapes.length > 0 ? (Object.assign({}, ...shapes) as Shape) : undefined);
}

type Shape = Readonly<Record<string, Schema>>;

/** The parts of zod's definitions that lead further in. */
interface Definition {
  readonly shape?: Shape;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly options?: readonly Schema[];
  readonly element?: Schema;
  readonly values?: readonly unknown[];
}

const definitionOf = (schema: Schema | undefined): Definition => (schema?._zod.def ?? {}) as Definition;
