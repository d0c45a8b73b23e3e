import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that tests of several machines start: as scripts/scaleTools.mjs found them, else those on the path. */
export const REDIS_SERVER = find('REDIS_SERVER', 'redis-server', 'valkey-server');
export const MPIRUN = find('MPIRUN', 'mpirun');

/**
 * A test's title: as it is where the program is here, else with the reason why the test is skipped.
 *
 * @example
 * it.skipIf(MPIRUN === undefined)(titled('reduces gradients', MPIRUN, 'openmpi-bin'), …);
 */
export const titled = (title: string, program: string | undefined, deb: string): string =>
  program === undefined ? `${title} (skipped: ${deb} is not installed)` : title;

function find(variable: string, ...programs: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = programs.flatMap((program) => folders.map((folder) => join(folder, program)));
  return process.env[variable] ?? places.find((place) => existsSync(place));
}
