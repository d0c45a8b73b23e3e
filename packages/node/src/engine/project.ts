import { createRequire } from 'node:module';
import path from 'node:path';
import { exists } from '../io/exists.js';
import { BINDING } from './installed.js';

/** tfjs-node as installed in the user's own project. */
export interface ProjectPackage {
  /** A folder from which the package's name resolves. */
  readonly directory: string;
  /** Where tfjs-node looks for its binding. */
  readonly binding: string;
  readonly complete: boolean;
}

/** The project's own tfjs-node, seen from the working folder, or `undefined`. */
export async function projectPackage(
  packageName: string,
  directory: string = process.cwd(),
): Promise<ProjectPackage | undefined> {
  try {
    const require = createRequire(path.join(directory, 'index.js'));
    const manifest = require.resolve(`${packageName}/package.json`);
    const binding = path.join(path.dirname(manifest), 'lib/napi-v8', BINDING);
    return { directory, binding, complete: await exists(binding) };
  } catch {
    return undefined;
  }
}
