import { defineConfig } from 'vitest/config';
import fast from './vitest.config.js';

/** Tests that measure time: nothing else runs beside them. */
const TIMED = ['test/slow/exits/earlyExitTime.test.ts'];
const slow = { ...fast.test, testTimeout: 600_000, hookTimeout: 600_000 };
const resolution = { resolve: fast.resolve, ssr: fast.ssr };

/** Tests that fetch, compile or train for minutes: `npx vitest run --config vitest.slow.config.ts`. */
export default defineConfig({
  test: {
    projects: [
      {
        ...resolution,
        test: {
          ...slow,
          name: 'slow',
          include: ['test/slow/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...TIMED],
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...resolution,
        test: {
          ...slow,
          name: 'timed',
          include: TIMED,
          exclude: ['**/node_modules/**'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
