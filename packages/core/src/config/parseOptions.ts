import * as z from 'zod/mini';
import { DistillError, expected, unknownName } from '../errors.js';

/** Any zod schema, of the full or the mini package. */
export type Schema<Output = unknown, Input = unknown> = z.core.$ZodType<Output, Input>;

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * Checks a configuration against its schema; the first thing wrong becomes one readable error.
 *
 * @param where Put in front of the message, e.g. `knowledgeDistillation`.
 * @returns The checked value, defaults filled in.
 * @throws DistillError: "Expected `temperature` to be a number above 0, got -1.", or
 *   "Unknown option "temprature". Did you mean "temperature"?"
 */
export function parseOptions<S extends Schema>(schema: S, value: unknown, where: string): z.output<S> {
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

function errorOf(issue: Issue, schema: Schema, value: unknown, where: string): DistillError {
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return unknownName('option', [...issue.path, key].map(String).join('.'), siblings(schema, issue.path), {
      where,
    });
  }
  const name = issue.path.map(String).join('.') || 'options';
  return expected(name, ruleOf(issue), valueAt(value, issue.path), { where });
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
function siblings(schema: Schema, path: Path): string[] {
  const shape = path.reduce((part: Schema | undefined, key) => shapeOf(part)?.[String(key)], schema);
  return Object.keys(shapeOf(shape) ?? {});
}

function shapeOf(schema: Schema | undefined): Readonly<Record<string, Schema>> | undefined {
  const {
    shape,
    innerType,
    in: input,
  } = (schema?._zod.def ?? {}) as {
    shape?: Readonly<Record<string, Schema>>;
    innerType?: Schema;
    in?: Schema;
  };
  return shape ?? ((innerType ?? input) ? shapeOf(innerType ?? input) : undefined);
}
