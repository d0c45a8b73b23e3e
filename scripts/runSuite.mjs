import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, run } from './setUp.mjs';

const REPORTS = join(ROOT, '.cache', 'test');

/** Runs vitest under a name. @returns How many tests passed, failed and were skipped, and the names of the failed. */
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
  if (status !== 0 && counts.failed === 0) {
    counts.failed = 1;
    counts.failures.push(`ended with exit code ${status}`);
  }
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed`);
  return { ...counts, failures: counts.failures.map((failure) => `${name}: ${failure}`) };
}

function countsOf(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests,
      failures: report.testResults.flatMap(failuresOf),
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
}

/** Of one file: its failed tests, or itself where it failed before any. */
function failuresOf({ name, status, assertionResults }) {
  const file = relative(ROOT, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [file] : [];
  return failed.map((test) => `${file} > ${test.fullName}`);
}
