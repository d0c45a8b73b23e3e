import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type EngineName } from './engine.js';
import { enginesDirectory } from './paths.js';

export const BINDING = 'tfjs_binding.node';

/** Written last, into a folder that is then renamed to its final name: where it is, the engine is whole. */
export const RECEIPT = 'engine.json';

/** Of how an engine is built. One that was built otherwise runs on, and is built anew by the next `engine install`. */
export const RECIPE = 2;

export const nativeKinds = {
  cpu: { name: 'tensorflow', packageName: '@tensorflow/tfjs-node' },
  gpu: { name: 'tensorflow-gpu', packageName: '@tensorflow/tfjs-node-gpu' },
} as const satisfies Record<string, { name: EngineName; packageName: string }>;

export type NativeKind = keyof typeof nativeKinds;

/** A wheel that an engine was made of. */
export interface WheelReceipt {
  readonly file: string;
  readonly sha256: string;
}

/** What is kept of an installation. */
export interface Receipt {
  readonly tensorflow: string;
  readonly recipe: number;
  readonly wheels: readonly WheelReceipt[];
  /** Checksums of what came out of them, by path within the engine's folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** A native engine in the per-user cache. */
export interface InstalledEngine extends Receipt {
  readonly name: EngineName;
  readonly directory: string;
  readonly binding: string;
}

/** The kind's engine in the cache, or `undefined` where none was installed completely. */
export async function readInstalled(kind: NativeKind): Promise<InstalledEngine | undefined> {
  const { name } = nativeKinds[kind];
  const directory = path.join(enginesDirectory(), name);
  const text = await readFile(path.join(directory, RECEIPT), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const receipt = JSON.parse(text) as Partial<Receipt> & Pick<Receipt, 'tensorflow'>;
  const binding = path.join(directory, BINDING);
  return { recipe: 1, wheels: [], files: {}, ...receipt, name, directory, binding };
}
