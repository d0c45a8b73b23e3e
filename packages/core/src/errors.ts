import { closest, distance } from 'fastest-levenshtein';

/** Stable codes: what a program may switch on. The message is for people and may change. */
export type ErrorCode =
  | 'OPTION' // an argument or a configuration value that breaks its rule
  | 'SHAPE' // tensors or models that do not fit together
  | 'HOOK' // a plugin's hook threw
  | 'ORDER' // a manager's method called out of order
  | 'NUMERIC' // a loss that is NaN or infinite
  | 'DATA' // a data set or file that is missing, truncated or corrupt
  | 'ENGINE' // an engine that cannot run here
  | 'TEACHER'; // a teacher that cannot be opened, does not answer, or answers nonsense

export interface ErrorDetails {
  /** Where it happened, e.g. `knowledgeDistillation`. Put in front of the message. */
  readonly where?: string;
  /** What to do about it, one sentence. Put behind the message. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * Every error that this library throws on purpose.
 *
 * @example
 * try { prepareCompression(student, options) } catch (error) { if (error instanceof DistillError) print(error.code) }
 */
export class DistillError extends Error {
  override readonly name: string = 'DistillError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, { where, hint, cause }: ErrorDetails = {}) {
    super([where && `${where}:`, message, hint].filter(Boolean).join(' '), { cause });
    this.code = code;
  }
}

/** A plugin's hook threw: says whose, which and when. The original is the `cause`, its code is kept. */
export class HookError extends DistillError {
  override readonly name = 'HookError';

  constructor(
    readonly hook: string,
    readonly plugin: string,
    readonly epoch: number | undefined,
    readonly step: number | undefined,
    cause: unknown,
  ) {
    const when = [epoch !== undefined && `epoch ${epoch}`, step !== undefined && `step ${step}`].filter(
      Boolean,
    );
    const place = when.length > 0 ? ` (${when.join(', ')})` : '';
    super(
      cause instanceof DistillError ? cause.code : 'HOOK',
      `${hook} of plugin "${plugin}"${place} threw: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** The house grammar: "Expected `temperature` to be a number above 0, got -1." */
export function expected(name: string, rule: string, got: unknown, details: ErrorDetails = {}): DistillError {
  return new DistillError('OPTION', `Expected \`${name}\` to be ${rule}, got ${show(got)}.`, details);
}

/** Shapes that do not fit; both are named. `null` stands for a size that is free, such as the batch. */
export function shapeMismatch(
  rule: string,
  shapes: Readonly<Record<string, readonly (number | null)[]>>,
  details: ErrorDetails = {},
): DistillError {
  const named = Object.entries(shapes).map(
    ([name, shape]) => `\`${name}\` [${shape.map(String).join(', ')}]`,
  );
  return new DistillError('SHAPE', `Expected ${rule}, got ${named.join(' and ')}.`, details);
}

/** "Did you mean "temperature"?", or `undefined` where nothing is near enough to be a slip. */
export function didYouMean(got: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(
    got.toLowerCase(),
    known.map((name) => name.toLowerCase()),
  );
  const name = known.find((candidate) => candidate.toLowerCase() === nearest);
  const slips = distance(got.toLowerCase(), nearest);
  return name !== undefined && slips <= Math.max(2, got.length / 3) ? `Did you mean "${name}"?` : undefined;
}

/** A name that is not among the known ones; offers the nearest, else lists all. */
export function unknownName(
  what: string,
  got: string,
  known: readonly string[],
  details: ErrorDetails = {},
): DistillError {
  const hint = didYouMean(got, known) ?? `Known: ${known.join(', ') || 'none'}.`;
  return new DistillError('OPTION', `Unknown ${what} "${got}".`, { hint, ...details });
}

/** How a value reads in a message: short, on one line, its type where that is the news. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map(show).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  if (typeof value === 'object' && value !== null) {
    const type = value.constructor?.name ?? 'object';
    return type === 'Object' ? `an object with ${Object.keys(value).join(', ') || 'no keys'}` : `a ${type}`;
  }
  return String(value);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
