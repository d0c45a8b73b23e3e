import { statfs } from 'node:fs/promises';
import { DistillError } from '@tfjs-distill/core';

/**
 * Refuses a disk that is too full, before anything is fetched.
 *
 * @param needed Bytes.
 */
export async function checkSpace(directory: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  if (bavail * bsize >= needed) return;
  throw new DistillError(
    'ENGINE',
    `The installation needs ${gigabytes(needed)} of disk, and ${directory} has ${gigabytes(bavail * bsize)} left.`,
    { where: 'engine install', hint: 'Free some space, or set DISTILL_CACHE to a folder on another disk.' },
  );
}
