import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './setUp.mjs';

/** Programs that tests of several machines need, and the Debian packages that carry them. */
const TOOLS = [
  { variable: 'REDIS_SERVER', programs: ['redis-server', 'valkey-server'], deb: 'redis-server' },
  { variable: 'MPIRUN', programs: ['mpirun'], deb: 'openmpi-bin' },
];

/**
 * Where `redis-server` and `mpirun` are: as `REDIS_SERVER` and `MPIRUN` say, else on the path, where root installs them
 * from Debian if they are missing. One that cannot be had gets one line, and its tests are skipped.
 *
 * @returns Environment variables for the tests.
 */
export function scaleTools() {
  const found = TOOLS.map(({ variable, programs, deb }) => {
    const path = process.env[variable] ?? onPath(programs) ?? installed(deb, programs);
    if (path === undefined)
      console.log(
        `\n# ${programs[0]} is not here: its tests are skipped. To have it: apt-get install ${deb}`,
      );
    return [variable, path];
  });
  return Object.fromEntries(found.filter(([, path]) => path !== undefined));
}

function onPath(programs) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find(existsSync);
}

function installed(deb, programs) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log(`\n# installing ${deb} from Debian, once`);
  // an installed redis-server would start itself: tests start their own, on a port of their own
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['update', '-qq'], { env });
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', deb], { stdout: 'ignore', env });
  return onPath(programs);
}
