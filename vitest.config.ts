import { defineConfig } from 'vitest/config';

const SOURCE = '@tfjs-distill/source';

export default defineConfig({
  resolve: { conditions: [SOURCE] },
  ssr: { resolve: { conditions: [SOURCE], externalConditions: [SOURCE] } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/browser/**'],
    maxWorkers: 2,
    testTimeout: 30_000,
    setupFiles: ['test/setup/engine.ts', 'test/setup/guards.ts'],
  },
});
