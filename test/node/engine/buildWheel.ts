import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** A wheel is a zip: `files` by their path in it. */
export async function buildWheel(file: string, files: Readonly<Record<string, string>>): Promise<string> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, await buffer(zip.outputStream));
  return file;
}

/** What pip wants to see in a package, besides its files. */
export function packageFiles(name: string, version: string): Record<string, string> {
  const info = `${name}-${version}.dist-info`;
  return {
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  };
}

/** A package index on disk as pip reads it, with one wheel of a package, and its checksum as given or as it is. */
export async function buildIndex(
  folder: string,
  name: string,
  wheel: string,
  checksum?: string,
): Promise<string> {
  const file = path.basename(wheel);
  const bytes = await readFile(wheel);
  const sha256 = checksum ?? createHash('sha256').update(bytes).digest('hex');
  const page = path.join(folder, 'simple', name, 'index.html');
  await mkdir(path.dirname(page), { recursive: true });
  await writeFile(path.join(path.dirname(page), file), bytes);
  await writeFile(page, `<a href="${file}#sha256=${sha256}">${file}</a>`);
  return `file://${folder}/simple`;
}
