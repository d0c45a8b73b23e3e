/**
 * Loads tfjs-node's JavaScript from an engine folder into this process, on the host's own copies of tfjs.
 * Plain JavaScript, so that a bare child process can run it too.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';

/** What the stand-ins in an engine folder re-export; `javascript.ts` writes those. */
const HOST = Symbol.for('tfjs-distill.tfjs');
const require = createRequire(import.meta.url);
let loaded;

/** tfjs-core and the union package `@tensorflow/tfjs`, made of the copies that the host already runs. */
function hostCopies() {
  const core = require('@tensorflow/tfjs-core');
  const layers = require('@tensorflow/tfjs-layers');
  const converter = require('@tensorflow/tfjs-converter');
  const quiet = () => {};
  const union = {
    ...core,
    ...layers,
    ...converter,
    version: { 'tfjs-core': core.version_core, 'tfjs-layers': layers.version_layers },
    // file:// is this package's own on every engine; a second router would make tfjs refuse both
    io: { ...core.io, registerLoadRouter: quiet, registerSaveRouter: quiet },
    registerCallbackConstructor: quiet, // tfjs-node's prints a progress bar for every fit()
  };
  return { core, union };
}

/** Runs `load` with standard error silent, by the addon of an engine folder where there is one. */
function quietly(engine, load) {
  const addon = path.join(engine, 'quiet.node');
  if (!existsSync(addon)) return load();
  const quiet = require(addon);
  const saved = quiet.begin();
  try {
    return load();
  } finally {
    quiet.end(saved);
  }
}

/** @type {import('./loadTfjsNode.mjs').loadTfjsNode} */
export function loadTfjsNode(directory, packageName, engine = directory) {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // tfjs-node 4.22 calls two functions that Node 22 warns about and Node 23 removed
  util.isNullOrUndefined = (value) => value === null || value === undefined;
  util.isArray = Array.isArray;
  if (directory === engine) globalThis[HOST] ??= hostCopies();
  loaded = quietly(engine, () => createRequire(path.join(directory, 'index.js'))(packageName));
  return loaded;
}

/** @type {import('./loadTfjsNode.mjs').loadedTfjsNode} */
export function loadedTfjsNode() {
  return loaded;
}
