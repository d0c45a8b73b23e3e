/** The advanced door: bind your own parts. Ordinary users never need inversify. */
export { composeManager, criteriaModule, pluginsModule } from './composeManager.js';
export type { Module } from './Module.js';
export { token, TOKENS } from './tokens.js';
