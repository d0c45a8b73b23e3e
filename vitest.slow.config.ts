import { defineConfig } from 'vitest/config';
import fast from './vitest.config.js';

/** Tests that fetch, compile or train for minutes: `npx vitest run --config vitest.slow.config.ts`. */
export default defineConfig({
  ...fast,
  test: {
    ...fast.test,
    include: ['test/slow/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
  },
});
