import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { exists } from '../../io/exists.js';
import { BINDING } from '../installed.js';
import { type Command } from './tools.js';

/** The last release; its binding's sources compile against TensorFlow 2.16 to 2.21. */
export const TFJS_NODE_VERSION = '4.22.0';

/** Small stand-ins for packages that tfjs-node names. They sit in the engine's own node_modules. */
const STAND_INS: Readonly<Record<string, { version: string; index: string }>> = {
  // one tfjs in the process: the host's, handed over by native/loadTfjsNode.mjs
  '@tensorflow/tfjs': {
    version: TFJS_NODE_VERSION,
    index: `module.exports = globalThis[Symbol.for('tfjs-distill.tfjs')].union;\n`,
  },
  '@tensorflow/tfjs-core': {
    version: TFJS_NODE_VERSION,
    index: `module.exports = globalThis[Symbol.for('tfjs-distill.tfjs')].core;\n`,
  },
  // its real one brings sixty packages to find one file
  '@mapbox/node-pre-gyp': {
    version: '1.0.9',
    index: `exports.find = () => require('path').join(__dirname, '../../../${BINDING}');\n`,
  },
};

/** Packages that only tfjs-node's own installer uses; nothing takes their place. */
const UNUSED = ['adm-zip', 'https-proxy-agent', 'rimraf', 'tar'];

/**
 * Fetches tfjs-node's JavaScript and the C++ sources of its binding with npm, running none of its scripts.
 *
 * @param directory Gets `node_modules/`.
 * @param packageName `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`.
 */
export async function installJavaScript(npm: Command, directory: string, packageName: string): Promise<void> {
  const mark = path.join(directory, 'node_modules', '.complete');
  if (await exists(mark)) return;
  await rm(path.join(directory, 'node_modules'), { recursive: true, force: true });
  const folders = await writeStandIns(path.join(directory, 'stand-ins'));
  const manifest = {
    private: true,
    dependencies: { ...folders, [packageName]: TFJS_NODE_VERSION, 'node-api-headers': '^1.5.0' },
    overrides: Object.fromEntries(UNUSED.map((name) => [name, 'file:stand-ins/none'])),
  };
  await writeFile(path.join(directory, 'package.json'), JSON.stringify(manifest, null, 2));
  const [program, ...first] = npm;
  const flags = ['--ignore-scripts', '--install-links', '--no-audit', '--no-fund', '--no-package-lock'];
  await execa(program, [...first, 'install', '--prefix', directory, '--workspaces=false', ...flags], {
    cwd: directory,
  });
  await writeFile(mark, '');
}

async function writeStandIns(directory: string): Promise<Record<string, string>> {
  const packages = { ...STAND_INS, none: { version: '1.0.0', index: '' } };
  for (const [name, { version, index }] of Object.entries(packages)) {
    const folder = path.join(directory, name);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
    await writeFile(path.join(folder, 'index.js'), index);
  }
  return Object.fromEntries(Object.keys(STAND_INS).map((name) => [name, `file:stand-ins/${name}`]));
}
