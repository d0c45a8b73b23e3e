import { type DistillError, expected, unknownName } from '../errors.js';
import { type PluginFactory } from './definePlugin.js';
import { type Plugin } from './Plugin.js';

/** A plugin as JSON: its type and its options. */
export interface PluginConfig {
  readonly type: string;
  readonly [option: string]: unknown;
}

/** Everything that can be a plugin. */
export type PluginLike = Plugin | PluginConfig;

/** Plugins in any of their forms; JSON may name the given definitions. */
export function resolvePlugins(
  values: readonly PluginLike[],
  definitions: readonly PluginFactory[],
): readonly Plugin[] {
  return values.map((value) => {
    if (!isConfig(value)) return value;
    const { type, ...options } = value;
    if (typeof type !== 'string') {
      throw expected('plugins', 'plugins { name, on… } or { type, … }', value, {
        where: 'prepareCompression',
      });
    }
    const definition = definitions.find((candidate) => candidate.type === type);
    if (definition === undefined) throw unknownType(type, definitions);
    return definition(options);
  });
}

function isConfig(value: PluginLike): value is PluginConfig {
  return !('name' in value) && 'type' in value;
}

function unknownType(type: string, definitions: readonly PluginFactory[]): DistillError {
  const known = definitions.map((definition) => definition.type);
  return unknownName('plugin type', type, known, { where: 'prepareCompression' });
}
