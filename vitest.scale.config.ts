import { defineConfig } from 'vitest/config';
import fast from './vitest.config.js';

/** Tests that start servers, queues and ranks, and kill them: `npm run test:scale`. */
export default defineConfig({
  ...fast,
  test: {
    ...fast.test,
    include: ['test/scale/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    pool: 'forks', // MPI and native addons are loaded once a process
    isolate: true,
    testTimeout: 1_200_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
  },
});
