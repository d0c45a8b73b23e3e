import { findBackendFactory, io } from '@tensorflow/tfjs-core';
import { fileSystem } from './fileSystem.js';

const SCHEME = 'file://';

/** tfjs refuses a URL that two routers claim. A tfjs-node of the user's own brings one; see native/loadTfjsNode.mjs. */
const anotherRoutes = (): boolean =>
  findBackendFactory('tensorflow') !== null && !(Symbol.for('tfjs-distill.tfjs') in globalThis);

/** The registry takes null for "not mine"; its type forgets to say so. */
const NOT_MINE = null as unknown as io.IOHandler;

type Router = Parameters<typeof io.registerLoadRouter>[0];

const router: Router = (url) => {
  if (typeof url !== 'string' || !url.startsWith(SCHEME) || anotherRoutes()) return NOT_MINE;
  return fileSystem(url.slice(SCHEME.length));
};

/** Makes `model.save('file://…')` and `loadLayersModel('file://…')` work on every engine. `selectEngine` calls it. */
export function registerFileSystem(): void {
  if (io.getLoadHandlers(`${SCHEME}any`).length > 0) return;
  io.registerSaveRouter(router);
  io.registerLoadRouter(router);
}
