#!/usr/bin/env node
// A published package runs its build; a checkout of the repository runs its sources, so nothing has to be built.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const checkout = existsSync(new URL('../tsconfig.json', import.meta.url));
if (checkout) {
  const source = fileURLToPath(new URL('../src/cli/bin.ts', import.meta.url));
  const flags = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];
  const child = spawn(process.execPath, [...flags, source, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)));
} else {
  await import('../dist/cli/bin.js');
}
