import { existsSync } from 'node:fs';
import { run } from './setUp.mjs';

const BROWSERS = {
  CHROMIUM: {
    paths: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
    deb: 'chromium',
  },
  FIREFOX: { paths: ['/usr/bin/firefox-esr', '/usr/bin/firefox'], deb: 'firefox-esr' },
};

/**
 * Where the browsers for the tests are: as `CHROMIUM` and `FIREFOX` say, else the system's, which root installs from
 * Debian where they are missing. A browser that cannot be had gets one line, and its tests are skipped.
 *
 * @returns Environment variables for the tests.
 */
export function findBrowsers() {
  const found = Object.entries(BROWSERS).map(([name, { paths, deb }]) => {
    const path = process.env[name] ?? paths.find(existsSync) ?? installed(deb, paths);
    if (path === undefined) console.log(`\n# ${deb} is not here: nothing is tested in it`);
    return [name, path];
  });
  return Object.fromEntries(found.filter(([, path]) => path !== undefined));
}

function installed(deb, paths) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log(`\n# installing ${deb} from Debian, once`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', deb], { stdout: 'ignore' });
  return paths.find(existsSync);
}
