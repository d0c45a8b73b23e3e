import { defineConfig } from 'vitest/config';

const SOURCE = '@tfjs-distill/source';

export default defineConfig({
  resolve: { conditions: [SOURCE] },
  ssr: { resolve: { conditions: [SOURCE], externalConditions: [SOURCE] } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/scale/**', 'test/browser/**'],
    maxWorkers: 2,
    isolate: false, // modules load once a worker, not once a file: five times as fast; what a test registers it takes back
    testTimeout: 30_000,
    setupFiles: ['test/setup/engine.ts', 'test/setup/guards.ts'],
  },
});
