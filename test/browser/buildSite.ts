import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { build, type Plugin } from 'vite';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = ['core', 'losses', 'node'];

/**
 * Puts what `npm publish` would publish into `folder/node_modules`; everything else resolves from this repository.
 */
export async function installPublished(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const folders = PACKAGES.map((name) => join('packages', name));
  await execa('npx', ['tsc', '-b', ...folders], { cwd: ROOT });
  const targets = folders.map((each) => `./${each}`);
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', folder, ...targets], { cwd: ROOT });
  for (const name of PACKAGES) {
    const target = join(folder, 'node_modules', '@tfjs-distill', name);
    const packed = (await readdir(folder)).find((file) => file.startsWith(`tfjs-distill-${name}-`)) ?? name;
    await mkdir(target, { recursive: true });
    await execa('tar', ['-xzf', join(folder, packed), '-C', target, '--strip-components=1']);
  }
}

/**
 * Builds `test/browser/site` with Vite's own settings from the published packages.
 *
 * @param folder Where to work.
 * @param files Files to serve besides, by path.
 * @returns The folder to serve.
 * @throws If a module of Node gets into the page.
 */
export async function buildSite(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<string> {
  await installPublished(folder);
  await cp(join(ROOT, 'test/browser/site'), folder, { recursive: true });
  await cp(join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/wasm-out'), join(folder, 'public/wasm'), {
    recursive: true,
    filter: (file) => !file.endsWith('.js'),
  });
  await cp(join(ROOT, 'packages/examples/src/mnist-distiller/teacher'), join(folder, 'public/teacher'), {
    recursive: true,
  });
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(folder, 'public', name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  const outDir = join(folder, 'dist');
  await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    plugins: [withoutNode(folder)],
    worker: { format: 'es', plugins: () => [withoutNode(folder)] },
    build: { outDir, target: 'es2022', chunkSizeWarningLimit: 4000, minify: false },
  });
  return outDir;
}

/** TensorFlow.js looks for Node behind `if (isNode)`; bundlers know that its browser side needs none. */
const TENSORFLOW = /\/node_modules\/(@tensorflow|seedrandom)\//;

/** Fails where anything but TensorFlow.js names a module of Node, or a package is linked and not the published one. */
function withoutNode(folder: string): Plugin {
  return {
    name: 'without-node',
    generateBundle() {
      for (const id of this.getModuleIds()) {
        const importers = this.getModuleInfo(id)?.importers.filter((from) => !TENSORFLOW.test(from)) ?? [];
        if (/__vite-browser-external|^node:/.test(id) && importers.length > 0)
          this.error(`A module of Node is in the page: ${id}, imported by ${importers.join()}.`);
        if (/\/packages\/(core|losses|node)\//.test(id) && !id.startsWith(folder))
          this.error(`${id} is not of the published package.`);
      }
    },
  };
}
