import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** @type {import('./openWebgpu.mjs').openWebgpu} */
export async function openWebgpu(directory) {
  const { resolve } = createRequire(path.join(directory, 'index.js'));
  const { create, globals } = await import(pathToFileURL(resolve('webgpu')).href);
  return { gpu: create([]), globals };
}
