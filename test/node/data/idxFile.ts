import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The bytes of an idx file: magic number, big-endian sizes, elements. */
export function idxBytes(
  shape: readonly number[],
  elements: ArrayLike<number>,
  type = 0x08,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + elements.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(Array.from(elements), 4 + 4 * shape.length);
  return bytes;
}

/** A folder of its own with these files; the system clears its temporary folder. */
export async function folderOf(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'distill-idx-'));
  await Promise.all(Object.entries(files).map(([name, bytes]) => writeFile(join(dir, name), bytes)));
  return dir;
}
