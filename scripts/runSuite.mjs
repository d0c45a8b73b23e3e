import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './setUp.mjs';

const REPORTS = join(ROOT, '.cache', 'test');

/** Runs vitest under a name. @returns How many tests passed, failed and were skipped. */
export function runSuite(name, env, parameters, node = process.execPath) {
  console.log(`\n# ${name}`);
  const file = join(REPORTS, `${name.replaceAll(/\W+/g, '-')}.json`);
  mkdirSync(REPORTS, { recursive: true });
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = run(node, [vitest, 'run', ...reporters, ...parameters], { env });
  const counts = countsOf(file);
  // a suite that dies outside of any test has failed too
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed`);
  return counts;
}

function countsOf(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
