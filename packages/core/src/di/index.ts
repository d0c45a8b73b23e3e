/**
 * The advanced door: parts of your own, injected by inversify. Importing it is enough; who does not, loads no inversify.
 */
import { containerParts } from './containerParts.js';
import { registerInjector } from './injector.js';

registerInjector(containerParts);

export { composeManager } from './composeManager.js';
export { criteriaModule, type Module, pluginsModule } from './Module.js';
export { type Token, token, TOKENS } from './tokens.js';
