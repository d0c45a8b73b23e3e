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

/** tfjs-node as it comes, or, in an engine folder, with standard error silent while the library loads. */
function requireQuietly(directory, packageName) {
  const from = createRequire(path.join(directory, 'index.js'));
  const addon = path.join(directory, 'quiet.node');
  if (!existsSync(addon)) return from(packageName);
  globalThis[HOST] ??= hostCopies();
  const quiet = from(addon);
  const saved = quiet.begin();
  try {
    return from(packageName);
  } finally {
    quiet.end(saved);
  }
}

/** @type {import('./loadTfjsNode.mjs').loadTfjsNode} */
export function loadTfjsNode(directory, packageName) {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // tfjs-node 4.22 calls two functions that Node 22 warns about and Node 23 removed
  util.isNullOrUndefined = (value) => value === null || value === undefined;
  util.isArray = Array.isArray;
  return requireQuietly(directory, packageName);
}
