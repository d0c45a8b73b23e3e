import { createRequire } from 'node:module';
import path from 'node:path';
import { DistillError, messageOf } from '@tfjs-distill/core';

/**
 * A package that only some users need: the project's own, seen from the working folder, else this package's.
 *
 * @param name The package.
 * @param purpose What needs it, for the message: `ONNX models`.
 * @param install What to type. Default `npm install <name>`.
 * @throws DistillError `TEACHER` if it is not installed, or does not load here.
 */
export function loadOptional<T>(name: string, purpose: string, install = `npm install ${name}`): T {
  const places = [path.join(process.cwd(), 'index.js'), import.meta.url].map((place) => createRequire(place));
  const finder = places.find((require) => resolves(require, name));
  if (finder === undefined)
    throw new DistillError('TEACHER', `${purpose} need the package ${name}, which is not installed.`, {
      hint: `Type \`${install}\`.`,
    });
  try {
    return finder(name) as T;
  } catch (cause) {
    throw new DistillError('TEACHER', `The package ${name} does not load here: ${messageOf(cause)}.`, {
      hint: `Install it again: \`${install}\`.`,
      cause,
    });
  }
}

function resolves(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
