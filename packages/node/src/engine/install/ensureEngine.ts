import { messageOf } from '@tfjs-distill/core';
import { tensorflow } from '../native.js';
import { enginesDirectory } from '../paths.js';
import { installEngine, type InstallOptions, SIZES, TENSORFLOW_VERSION } from './installEngine.js';
import { listed, lookForTools } from './tools.js';

export interface EnsureOptions extends Pick<InstallOptions, 'onStep' | 'onProgress'> {
  /** Hears one line on what is fetched, how large and where to, or on why nothing is. Default: nobody. */
  readonly onMessage?: (line: string) => void;
  /** Only look, install nothing. Default false. */
  readonly dryRun?: boolean;
}

/** Whether the native engine was here, is here now, or cannot be had. */
export type Ensured = 'present' | 'installed' | 'unavailable';

/**
 * Sees that the native engine is installed where that can be done, and never fails: without pip, compiler, network or
 * room, the next engine does.
 *
 * @example if ((await ensureEngine({ onMessage: print })) === 'unavailable') … // wasm runs
 */
export async function ensureEngine({
  onMessage,
  dryRun = false,
  ...options
}: EnsureOptions = {}): Promise<Ensured> {
  if ((await tensorflow.probe()).usable) return 'present';
  if (dryRun) return 'unavailable';
  const { missing } = await lookForTools();
  if (missing.length > 0) {
    onMessage?.(`Going on without the native engine: its installation needs ${listed(missing)}.`);
    return 'unavailable';
  }
  onMessage?.(
    `Installing the native engine: TensorFlow ${TENSORFLOW_VERSION}, ${SIZES.cpu.download / 1e6} MB to fetch once, ` +
      `into ${enginesDirectory()} (--engine wasm or DISTILL_ENGINE=wasm does without).`,
  );
  try {
    await installEngine(options);
    return 'installed';
  } catch (error) {
    onMessage?.(`Going on without the native engine. ${messageOf(error)}`);
    return 'unavailable';
  }
}
