import { readdir } from 'node:fs/promises';

/** Whether a folder holds a checkpoint to go on from. */
export async function hasCheckpoint(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.some((name) => name.endsWith('.safetensors'));
}
