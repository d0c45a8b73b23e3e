import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { exampleConfig, type ExampleOptions } from './exampleConfig.js';

const SCHEMA = fileURLToPath(new URL('../../schema/run.schema.json', import.meta.url));

/**
 * Writes an example of a configuration.
 *
 * @param force Replace a file that is there.
 * @throws DistillError `DATA` if it is there, or cannot be written.
 */
export async function writeExample(
  file: string,
  options: Omit<ExampleOptions, 'schema'>,
  force: boolean,
): Promise<void> {
  const folder = dirname(resolve(file));
  const schema = relative(folder, SCHEMA).split(sep).join('/');
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, exampleConfig({ ...options, schema }), { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const why = isThere ? 'The file is there already' : `It cannot be written: ${messageOf(cause)}`;
    throw new DistillError('DATA', `${why}.`, {
      where: file,
      ...(isThere && { hint: '--force replaces it.' }),
      cause,
    });
  }
}
