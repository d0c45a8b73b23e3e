import { type Module } from './Module.js';
import { type Parts } from './Parts.js';
import { PlainParts } from './PlainParts.js';

/** Gives a manager its parts by token. */
export type Injector = (modules: readonly Module[]) => Parts;

let registered: Injector | undefined;

/** Puts a container in the place of the plain map for every manager from now on; `undefined` takes it away again. */
export function registerInjector(injector: Injector | undefined): void {
  registered = injector;
}

/** The parts of a new manager. */
export const partsOf: Injector = (modules) => registered?.(modules) ?? new PlainParts(modules);
