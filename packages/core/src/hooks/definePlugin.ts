import type * as z from 'zod/mini';
import { parseOptions, type Schema } from '../config/parseOptions.js';
import { type Plugin } from './Plugin.js';

export interface PluginDefinition<S extends Schema> {
  /** Name in config files, and the plugin's own name unless `create` gives one. */
  readonly type: string;
  /** Schema of the options; every option needs a default or is required of the user. */
  readonly options: S;
  /** The hooks; called once per plugin, with checked options. */
  create(options: z.output<S>): Omit<Plugin, 'name'> & { readonly name?: string };
}

/** Makes a plugin of options; knows its type and schema, so that config files can name it. */
export interface PluginFactory<S extends Schema = Schema> {
  (options?: z.input<S>): Plugin;
  readonly type: string;
  readonly options: S;
}

/**
 * A new guest of the training loop, usable from code and by name from config files.
 *
 * @returns A function from options to a plugin.
 * @throws DistillError at the call of that function if an option breaks the schema.
 *
 * @example
 * export const timeLimit = definePlugin({
 *   type: 'time-limit',
 *   options: z.strictObject({ seconds: z.number().check(z.gt(0)) }),
 *   create: ({ seconds }) => {
 *     const end = performance.now() + 1000 * seconds;
 *     return { onStepEnd: (ctx) => void (performance.now() > end && ctx.stop('time is up')) };
 *   },
 * });
 * prepareCompression(student, { …, plugins: [{ type: 'time-limit', seconds: 60 }], modules: [pluginsModule([timeLimit])] });
 */
export function definePlugin<S extends Schema>(definition: PluginDefinition<S>): PluginFactory<S> {
  const { type, options: schema } = definition;
  const factory = (input?: z.input<S>): Plugin => {
    const hooks = definition.create(parseOptions(schema, input ?? {}, type));
    return Object.assign({ name: type }, hooks, { toJSON: () => ({ type, ...(input as object) }) });
  };
  return Object.assign(factory, { type, options: schema });
}
