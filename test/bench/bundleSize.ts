import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';

const ENTRY = '\0entry';

/** What a page imports, by package. */
export type Imports = Readonly<Record<string, readonly string[]>>;

/** The smallest page that distils. */
export const CORE: Imports = {
  '@tfjs-distill/core': ['prepareCompression'],
  '@tfjs-distill/losses': ['knowledgeDistillation'],
};

/** The same with parts injected by inversify. */
export const INJECTED: Imports = { ...CORE, '@tfjs-distill/core/di': ['TOKENS'] };

/**
 * Gzipped size of what a page imports, tree-shaken and minified by Vite.
 *
 * @param without Packages to leave out besides TensorFlow.js, which is never counted.
 * @returns Bytes.
 */
export async function bundleSize(imports: Imports, without: readonly string[] = []): Promise<number> {
  const lines = Object.entries(imports).map(([from, names]) => `export { ${names.join()} } from '${from}';`);
  const left = ['@tensorflow', ...without];
  const result = (await build({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@tfjs-distill/source', 'module', 'browser'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? ENTRY : undefined),
        load: (id) => (id === ENTRY ? lines.join('\n') : undefined),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: {
        input: 'entry',
        preserveEntrySignatures: 'strict',
        external: (id) => left.some((name) => id === name || id.startsWith(`${name}/`)),
      },
    },
  })) as Rolldown.RolldownOutput;
  return result.output.reduce(
    (sum, part) => sum + (part.type === 'chunk' ? gzipSync(part.code).length : 0),
    0,
  );
}

/** What a criterion adds to the smallest page that distils, bytes. */
export async function addedSize(criterion: string, core: number): Promise<number> {
  const losses = [...new Set(['knowledgeDistillation', criterion])];
  return (await bundleSize({ ...CORE, '@tfjs-distill/losses': losses })) - core;
}

export const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
