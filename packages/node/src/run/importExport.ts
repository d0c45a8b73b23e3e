import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DistillError, messageOf, unknownName } from '@tfjs-distill/core';

/**
 * One export of a user's own ES module.
 *
 * @param file Path of the module, relative to the working folder.
 * @param name Which export. Default `default`.
 * @throws DistillError `DATA` if there is no such file or it throws while it loads, `OPTION` if it lacks the export.
 */
export async function importExport(file: string, name = 'default'): Promise<unknown> {
  const path = resolve(file);
  await access(path).catch((cause: unknown) => {
    throw new DistillError('DATA', 'This file does not exist.', { where: path, cause });
  });
  const module = await importModule(path);
  if (name in module) return module[name];
  throw unknownName('export', name, Object.keys(module), { where: path });
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (cause) {
    throw new DistillError('DATA', `The module cannot be loaded: ${messageOf(cause)}.`, {
      where: path,
      cause,
    });
  }
}
