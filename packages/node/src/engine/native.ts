import { findBackend, getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { loadTfjsNode } from '../../native/loadTfjsNode.mjs';
import { type Engine, type ProbeOptions, type Verdict } from './engine.js';
import { type NativeKind, nativeKinds, readInstalled } from './installed.js';
import { projectPackage } from './project.js';
import { bindingVerdict } from './verdicts.js';

interface NativeTraits {
  readonly kind: NativeKind;
  readonly description: string;
  /** What to type where it is missing or broken. */
  readonly install: string;
  readonly needsGpu: boolean;
}

/** A binding on this disk and the folder from which its JavaScript resolves. */
interface Candidate {
  readonly directory: string;
  readonly binding: string;
}

function nativeEngine({ kind, description, install, needsGpu }: NativeTraits): Engine {
  const { name, packageName } = nativeKinds[kind];

  /** The project's own tfjs-node goes first: its code may import it too, and two would quarrel over one backend. */
  async function candidate(): Promise<Candidate | undefined> {
    const own = await projectPackage(packageName);
    return own?.complete ? own : readInstalled(kind);
  }

  async function probe({ fresh = false }: ProbeOptions = {}): Promise<Verdict> {
    const found = await candidate();
    if (!found) return { usable: false, reason: 'it is not installed', remedy: `\`${install}\`` };
    const answer = await bindingVerdict(found.binding, fresh);
    if (!answer.ok)
      return {
        usable: false,
        reason: `it does not load: ${answer.reason}`,
        remedy: `\`${install} --force\``,
      };
    const { tensorflow, gpu } = answer.value;
    if (needsGpu && !gpu)
      return { usable: false, reason: 'it finds no GPU', remedy: 'check that `nvidia-smi` lists one' };
    return { usable: true, version: tensorflow, facts: { gpu: gpu ? 'yes' : 'no' } };
  }

  async function load(): Promise<void> {
    // loaded before, by this package or by the user's own import
    if (findBackend('tensorflow') === null) {
      const found = await candidate();
      if (!found) throw new Error(`${name} is not installed`);
      loadTfjsNode(found.directory, packageName);
    }
    if (getBackend() !== 'tensorflow') await setBackend('tensorflow');
    await ready();
  }

  return { name, backend: 'tensorflow', description, probe, load };
}

export const tensorflow = nativeEngine({
  kind: 'cpu',
  description: 'TensorFlow on all processor cores',
  install: 'npx distill engine install',
  needsGpu: false,
});

export const tensorflowGpu = nativeEngine({
  kind: 'gpu',
  description: 'TensorFlow on an NVIDIA card',
  install: 'npx distill engine install --gpu',
  needsGpu: true,
});
