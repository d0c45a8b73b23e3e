import { availableParallelism } from 'node:os';
import path from 'node:path';
import { backend, findBackendFactory, getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { loadTfjsNode } from '../../native/loadTfjsNode.mjs';
import { offerCompiledSteps } from '../compiled/index.js';
import { type Engine, type ProbeOptions, type Verdict } from './engine.js';
import { hasNvidiaDriver } from './gpu.js';
import { type NativeKind, nativeKinds, readInstalled } from './installed.js';
import { enginesDirectory } from './paths.js';
import { projectPackage } from './project.js';
import { bindingVerdict } from './verdicts.js';

interface NativeTraits {
  readonly kind: NativeKind;
  readonly description: string;
  /** What to type where it is missing or broken, and what that costs and gives. */
  readonly install: string;
  readonly gains: string;
  /** Why this machine cannot have it at all; checked first. */
  readonly excluded: () => string | undefined;
}

/** A binding on this disk and the folder from which its JavaScript resolves. */
interface Candidate {
  readonly directory: string;
  readonly binding: string;
}

function nativeEngine({ kind, description, install, gains, excluded }: NativeTraits): Engine {
  const { name, packageName } = nativeKinds[kind];

  /** The project's own tfjs-node goes first: its code may import it too, and two would quarrel over one backend. */
  async function candidate(): Promise<Candidate | undefined> {
    const own = await projectPackage(packageName);
    return own?.complete ? own : readInstalled(kind);
  }

  async function probe({ fresh = false }: ProbeOptions = {}): Promise<Verdict> {
    const impossible = excluded();
    if (impossible !== undefined) return { usable: false, reason: impossible };
    const found = await candidate();
    if (!found) return { usable: false, reason: 'not installed', remedy: `\`${install}\` ${gains}` };
    const answer = await bindingVerdict(found.binding, fresh);
    if (!answer.ok) {
      const remedy = `\`${install} --force\` makes it anew`;
      return { usable: false, reason: `does not load: ${answer.reason}`, remedy };
    }
    const { tensorflow, gpu } = answer.value;
    if (kind === 'gpu' && !gpu)
      return { usable: false, reason: 'finds no GPU', remedy: 'see whether `nvidia-smi` lists one' };
    return { usable: true, version: tensorflow, facts: { threads: String(availableParallelism()) } };
  }

  async function load(): Promise<void> {
    // loaded before, by this package or by the user's own import
    if (findBackendFactory('tensorflow') === null) {
      const found = await candidate();
      if (!found) throw new Error(`${name} is not installed`);
      loadTfjsNode(found.directory, packageName, path.join(enginesDirectory(), name));
      // it knows another copy of tfjs-core
      if (findBackendFactory('tensorflow') === null)
        throw new Error('@tensorflow/tfjs-core is here twice: `npm dedupe`');
    }
    if (getBackend() !== 'tensorflow') await setBackend('tensorflow');
    await ready();
    offerCompiledSteps();
    if (kind === 'gpu' && !(backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice)
      throw new Error('the one without CUDA is loaded in this process already');
  }

  return { name, backend: 'tensorflow', description, probe, load };
}

export const tensorflow = nativeEngine({
  kind: 'cpu',
  description: 'TensorFlow on all processor cores',
  install: 'npx distill engine install',
  gains:
    'makes large networks train 3 to 5 times faster than wasm (274 MB to fetch, 0.9 GB on disk, half a minute)',
  excluded: () => undefined,
});

export const tensorflowGpu = nativeEngine({
  kind: 'gpu',
  description: 'TensorFlow on an NVIDIA card',
  install: 'npx distill engine install --gpu',
  gains: 'trains on the card (2.9 GB to fetch, 5.3 GB on disk, two minutes)',
  excluded: () => (hasNvidiaDriver() ? undefined : 'this machine shows no NVIDIA driver'),
});
