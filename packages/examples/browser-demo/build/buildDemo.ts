import { createHash } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { fileSystem, selectEngine } from '@tfjs-distill/node';
import { build } from 'vite';
import { writeDigitFiles } from './digitFiles.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TEACHER = join(ROOT, '../src/mnist-distiller/teacher');
const conditions = ['@tfjs-distill/source', 'module', 'browser', 'import', 'default'];

export interface DemoOptions {
  /** Where the page goes; emptied first. */
  readonly out: string;
  /** Digits to train on. Default 4,000. */
  readonly train?: number;
  /** Digits to test on. Default 500. */
  readonly test?: number;
}

/** Builds the page: a folder that any static host can serve, under any path. */
export async function buildDemo({ out, train = 4000, test = 500 }: DemoOptions): Promise<void> {
  await build({
    root: ROOT,
    base: './',
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    worker: { format: 'es' },
    build: { outDir: out, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 4000 },
  });
  await selectEngine();
  const teacher = await loadLayersModel(fileSystem(TEACHER));
  await writeDigitFiles(join(out, 'data'), teacher, { train, test });
  teacher.dispose();
  await cp(TEACHER, join(out, 'teacher'), { recursive: true });
  await copyWasm(join(out, 'wasm'));
  await buildServiceWorker(out);
}

async function copyWasm(target: string): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  const from = join(dirname(entry), 'wasm-out');
  const files = (await readdir(from)).filter((file) => file.endsWith('.wasm'));
  for (const file of files) await cp(join(from, file), join(target, file));
}

/** The list of all files, and their hash, are part of the service worker: it changes when any file does. */
async function buildServiceWorker(out: string): Promise<void> {
  const files = (await readdir(out, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(join(out, file)));
  await build({
    root: join(ROOT, 'offline'),
    configFile: false,
    logLevel: 'error',
    define: {
      __FILES__: JSON.stringify(['./', ...files]),
      __VERSION__: JSON.stringify(hash.digest('hex').slice(0, 16)),
    },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: 'es2022',
      rolldownOptions: {
        input: join(ROOT, 'offline/serviceWorker.ts'),
        output: { entryFileNames: 'serviceWorker.js', format: 'iife' },
      },
    },
  });
}
