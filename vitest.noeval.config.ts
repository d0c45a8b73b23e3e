import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** The manager under the rules of a strict content security policy: no code from strings. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/core/{hooks,altitudes,manager,di/composeManager,prepareCompression}.test.ts'],
    pool: 'forks',
    execArgv: ['--disallow-code-generation-from-strings'],
  },
});
