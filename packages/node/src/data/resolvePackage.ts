import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DistillError } from '@tfjs-distill/core';

/**
 * A file of an npm package that only some users need: looked for in the working folder's project, then beside this one.
 *
 * @throws DistillError `DATA` with what to type, if it is not installed.
 */
export function resolvePackage(file: string, where: string, hint: string): string {
  for (const from of [join(process.cwd(), 'any.js'), import.meta.url]) {
    try {
      return createRequire(from).resolve(file);
    } catch {
      continue;
    }
  }
  throw new DistillError('DATA', `The npm package ${file.split('/')[0]} is not installed.`, { where, hint });
}
