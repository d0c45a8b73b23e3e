import { type PluginFactory } from '../hooks/definePlugin.js';
import { earlyStopping } from './earlyStopping.js';

/** The plugins of this package, known to every configuration by their types. */
export const corePlugins: readonly PluginFactory[] = [earlyStopping];
