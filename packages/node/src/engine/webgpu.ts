import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findBackendFactory, ready, setBackend } from '@tensorflow/tfjs-core';
import { openWebgpu } from '../../native/openWebgpu.mjs';
import { type Engine, type Verdict } from './engine.js';

const DAWN = 'webgpu';
const BACKEND = '@tensorflow/tfjs-backend-webgpu';
const INSTALL = `npm install ${DAWN} ${BACKEND}`;

/** Both packages are the project's own choice: 130 MB, of use only where there is a graphics card. */
function resolveFromProject(): { backend: string; version: string } | undefined {
  try {
    const require = createRequire(path.join(process.cwd(), 'index.js'));
    require.resolve(DAWN);
    const { version } = require(`${BACKEND}/package.json`) as { version: string };
    return { backend: require.resolve(BACKEND), version };
  } catch {
    return undefined;
  }
}

/** What `native/probeWebgpu.mjs` answers. */
interface AdapterFacts {
  readonly adapter?: string;
  readonly software?: boolean;
}

async function probe(): Promise<Verdict> {
  const found = resolveFromProject();
  if (!found)
    return {
      usable: false,
      reason: 'not installed',
      remedy: `\`${INSTALL}\` where there is a graphics card without CUDA`,
    };
  const { nativeChild } = await import('./nativeChild.js');
  const answer = await nativeChild<AdapterFacts>('probeWebgpu', [process.cwd()]);
  if (!answer.ok) return { usable: false, reason: `does not load: ${answer.reason}` };
  const { adapter, software } = answer.value;
  if (adapter === undefined)
    return { usable: false, reason: 'no graphics adapter answers (Vulkan, Metal or Direct3D 12)' };
  const verdict: Verdict = { usable: true, version: found.version, facts: { adapter } };
  return software ? { ...verdict, onlyByName: 'its adapter is software, slower than wasm' } : verdict;
}

async function load(): Promise<void> {
  const found = resolveFromProject();
  if (!found) throw new Error(`${DAWN} is not installed`);
  if (findBackendFactory('webgpu') === null) {
    const { gpu, globals } = await openWebgpu(process.cwd());
    Object.assign(globalThis, globals);
    // Node 20 has no navigator; tfjs asks it for the adapter
    if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: {} });
    Object.defineProperty((globalThis as unknown as { navigator: object }).navigator, 'gpu', {
      value: gpu,
      configurable: true,
    });
    await import(pathToFileURL(found.backend).href);
    if (findBackendFactory('webgpu') === null)
      throw new Error('@tensorflow/tfjs-core is here twice: `npm dedupe`');
  }
  if (!(await setBackend('webgpu'))) throw new Error('the adapter gave no device');
  await ready();
}

export const webgpu: Engine = {
  name: 'webgpu',
  backend: 'webgpu',
  description: 'a graphics card through WebGPU (Dawn)',
  probe,
  load,
};
