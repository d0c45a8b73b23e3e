import { defineConfig, type UserWorkspaceConfig } from 'vitest/config';
import fast from './vitest.config.js';

/** Tests that measure time: nothing else runs beside them. */
const TIMED = ['test/slow/exits/earlyExitTime.test.ts'];

const project = (
  name: string,
  order: number,
  test: NonNullable<UserWorkspaceConfig['test']>,
): UserWorkspaceConfig => ({
  ...fast,
  test: {
    ...fast.test,
    name,
    exclude: ['**/node_modules/**'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    sequence: { groupOrder: order },
    ...test,
  },
});

/** Tests that fetch, compile or train for minutes: `npx vitest run --config vitest.slow.config.ts`. */
export default defineConfig({
  test: {
    projects: [
      project('slow', 0, {
        include: ['test/slow/**/*.test.ts'],
        exclude: ['**/node_modules/**', ...TIMED],
      }),
      project('timed', 1, { include: TIMED, maxWorkers: 1 }),
    ],
  },
});
