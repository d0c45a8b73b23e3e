import { type Module, type PluginFactory, pluginsModule } from '@tfjs-distill/core';
import { historyFile } from './historyFile.js';
import { tensorBoard } from './tensorBoard.js';

export { historyFile, readHistory } from './historyFile.js';
export { interruptible, type InterruptibleOptions } from './interruptible.js';
export { tensorBoard } from './tensorBoard.js';

/** The plugins of this package that a configuration may name. */
export const nodePlugins: readonly PluginFactory[] = [tensorBoard, historyFile];

/**
 * Makes this package's plugins known to configurations by their types.
 *
 * @example
 * prepareCompression(student, { …, plugins: [{ type: 'tensorboard', dir: 'runs/a' }], modules: [nodePluginsModule] });
 */
export const nodePluginsModule: Module = pluginsModule(nodePlugins);
