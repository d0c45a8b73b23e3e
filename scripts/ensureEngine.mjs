// Builds the native engine once where pip and a C++ compiler are there; everything goes on without it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT, run } from './setUp.mjs';

const DISTILL = join(ROOT, 'packages', 'node', 'bin', 'distill.js');

/** @returns Whether a native TensorFlow engine is usable, after installing it if need be. */
export async function ensureEngine(parameters) {
  const forced = parameters.some((word) => word.startsWith('--engine')) || process.env.DISTILL_ENGINE;
  if (nativeIsUsable()) return true;
  if (forced) return false;
  const missing = missingTool();
  if (missing !== undefined) {
    console.error(`No native engine: ${missing} is not here. Going on with WebAssembly, which is slower.`);
    return false;
  }
  console.error(
    'Installing the native TensorFlow engine, once: about 270 MB from PyPI into your user cache, 860 MB on disk (DISTILL_ENGINE=wasm skips it).',
  );
  const { status } = run(process.execPath, [DISTILL, 'engine', 'install'], { stdout: 2 });
  if (status !== 0) console.error('Going on with WebAssembly, which is slower.');
  return status === 0 && nativeIsUsable();
}

function nativeIsUsable() {
  const { stdout, status } = spawnSync(process.execPath, [DISTILL, 'engine', 'list', '--json'], {
    encoding: 'utf8',
  });
  if (status !== 0) return false;
  return JSON.parse(stdout).some(({ engine, usable }) => engine.startsWith('tensorflow') && usable);
}

function missingTool() {
  if (!answers('python3', ['-m', 'pip', '--version'])) return 'pip';
  if (!answers('g++', ['--version']) && !answers('c++', ['--version'])) return 'a C++ compiler';
  return undefined;
}

function answers(program, parameters) {
  return spawnSync(program, parameters, { stdio: 'ignore' }).status === 0;
}
