import { defineConfig } from 'vitest/config';
import fast from './vitest.config.js';

/** Tests in real browsers: `npm run test:browser`. */
export default defineConfig({
  ...fast,
  test: {
    ...fast.test,
    include: ['test/browser/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
  },
});
