import { rename } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { exists } from '../../io/exists.js';
import { BINDING } from '../installed.js';
import { type NativePlatform } from './platform.js';
import { type Command } from './tools.js';

export interface CompileOptions {
  readonly compiler: Command;
  readonly platform: NativePlatform;
  /** Has `tensorflow/` and `node_modules/`; gets `tfjs_binding.node` and `quiet.node`. */
  readonly directory: string;
  /** Where the folder will lie in the end: a copy of the binding elsewhere finds the libraries there. */
  readonly destination: string;
  readonly packageName: string;
}

const ownSource = (name: string) => fileURLToPath(new URL(`../../../native/${name}`, import.meta.url));

/**
 * Compiles tfjs-node's own binding against the TensorFlow library of the wheel (about 6 s), and the small addon that
 * keeps standard error silent while that library loads. The binding's sources are unchanged, but for the function that
 * opens a session: that is ours, for which see native/session.cc.
 */
export async function compileBinding(options: CompileOptions): Promise<void> {
  const { platform, directory, destination, packageName } = options;
  const sources = path.join(directory, 'node_modules', packageName);
  const libraries = path.join(directory, 'tensorflow');
  const runPaths = [path.join(platform.origin, 'tensorflow'), path.join(destination, 'tensorflow')];
  await compileAddon(options, 'quiet.node', [ownSource('quiet.cc')]);
  await compileAddon(options, BINDING, [
    ...[sources, path.join(libraries, 'include')].map((folder) => `-I${folder}`),
    '-DTF_LoadSessionFromSavedModel=distill_LoadSession',
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => path.join(sources, 'binding', file)),
    ownSource('session.cc'),
    ...platform.libraries.map((file) => path.join(libraries, file)),
    ...runPaths.map((folder) => `-Wl,-rpath,${folder}`),
  ]);
}

async function compileAddon(
  { compiler, platform, directory }: CompileOptions,
  name: string,
  args: readonly string[],
): Promise<void> {
  const addon = path.join(directory, name);
  if (await exists(addon)) return;
  const [program, ...first] = compiler;
  const headers = path.join(directory, 'node_modules/node-api-headers/include');
  const flags = ['-O2', '-std=c++17', '-DNAPI_VERSION=8', `-I${headers}`, ...platform.linkFlags];
  await execa(program, [...first, ...flags, ...args, '-o', `${addon}.part`]);
  await rename(`${addon}.part`, addon);
}
