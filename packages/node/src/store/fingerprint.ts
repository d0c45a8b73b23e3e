import { createHash } from 'node:crypto';
import { type LayersModel } from '@tensorflow/tfjs-layers';

/**
 * A short name for exactly these bytes: the first 16 hex digits of their SHA-256.
 *
 * @param parts Texts and arrays, in order; how they are split matters.
 * @example
 * fingerprint(train.pixels, train.labels); // '0f2a…', the same on every machine
 */
export function fingerprint(...parts: readonly (string | ArrayBufferView)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes =
      typeof part === 'string'
        ? Buffer.from(part)
        : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    hash.update(`${bytes.byteLength}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * A short name for what a model computes: its layers and every weight.
 *
 * @example
 * await modelFingerprint(teacher); // '91be…'; one weight moved gives another
 */
export async function modelFingerprint(model: LayersModel): Promise<string> {
  const weights = await Promise.all(model.weights.map((weight) => weight.read().data()));
  const layers = model.layers.map((layer) => [layer.getClassName(), shapeless(layer.getConfig())]);
  return fingerprint(JSON.stringify(layers), ...weights);
}

/** Layer names carry a counter of the process, and initializers do not matter once there are weights. */
function shapeless(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => key !== 'name' && !key.endsWith('Initializer')),
  );
}
