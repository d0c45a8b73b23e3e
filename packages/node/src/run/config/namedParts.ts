import { didYouMean, type Schema } from '@tfjs-distill/core';
import * as z from 'zod';
import { literal, safeExtend } from 'zod/mini';
import { userModuleSchema } from './userModule.js';

/** What criteria and plugins have in common: a name and the schema of their options. */
interface Definition {
  readonly type: string;
  readonly options: Schema;
}

/**
 * Schema of parts that a configuration names by type, each with its own options beside it, or takes from a user's module.
 *
 * @param what For the message, e.g. `criterion`.
 * @param refused Types that are known but have no place here, and why.
 */
export function namedParts(
  definitions: readonly Definition[],
  what: string,
  refused: Readonly<Record<string, string>> = {},
) {
  const branches = definitions.map(({ type, options }) =>
    safeExtend(options as Parameters<typeof safeExtend>[0], { type: literal(type) }),
  );
  const types = definitions.map(({ type }) => type);
  const named = z.discriminatedUnion('type', branches as unknown as [z.ZodObject, ...z.ZodObject[]], {
    error: ({ input }) => `${what} of a known type (${hintOf(input, types, refused)})`,
  });
  return z.union([named, userModuleSchema]);
}

function hintOf(input: unknown, types: readonly string[], refused: Readonly<Record<string, string>>): string {
  const { type } = (input ?? {}) as { type?: unknown };
  if (typeof type === 'string' && type in refused) return refused[type] as string;
  const hint = typeof type === 'string' ? didYouMean(type, types) : undefined;
  return hint?.replace(/^D/, 'd') ?? `known: ${types.join(', ')}`;
}
