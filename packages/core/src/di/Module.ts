import { type CriterionFactory } from '../criterion/defineCriterion.js';
import { type PluginFactory } from '../hooks/definePlugin.js';
import { type Token, TOKENS } from './tokens.js';

/** Finished parts, each under its token. */
export interface PartsModule {
  readonly parts: readonly (readonly [Token, unknown])[];
}

/** Inversify's `ContainerModule`, without its type: whoever writes none needs no inversify. */
export interface ContainerModuleLike {
  load(options: never): unknown;
}

/**
 * What a manager has besides its defaults, or in their place: made by `criteriaModule` or `pluginsModule`, or
 * inversify's `ContainerModule` over the tokens of `@tfjs-distill/core/di`.
 */
export type Module = PartsModule | ContainerModuleLike;

/** A module that makes criteria known to JSON by their types. */
export function criteriaModule(definitions: readonly CriterionFactory[]): Module {
  return { parts: definitions.map((definition) => [TOKENS.CriterionDefinition, definition]) };
}

/** A module that makes plugins known to JSON by their types. */
export function pluginsModule(definitions: readonly PluginFactory[]): Module {
  return { parts: definitions.map((definition) => [TOKENS.PluginDefinition, definition]) };
}

export const isModule = (value: unknown): value is Module =>
  typeof value === 'object' && value !== null && ('parts' in value || 'load' in value);

export const isPartsModule = (module: Module): module is PartsModule => 'parts' in module;
