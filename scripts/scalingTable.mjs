// Writes what `distill plan` prints on this machine into docs/scaling.md: node scripts/scalingTable.mjs
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ROOT } from './setUp.mjs';

const PAGE = join(ROOT, 'docs', 'scaling.md');
const BLOCK = /```text\n\$ npx (distill plan [^\n]*)\n[^`]*```/;

const page = readFileSync(PAGE, 'utf8');
const [, command] =
  BLOCK.exec(page) ?? fail('docs/scaling.md has no block that begins with $ npx distill plan.');
const [, ...words] = command.split(' ');
const bin = join(ROOT, 'packages', 'node', 'bin', 'distill.js');
const { status, stdout } = spawnSync(process.execPath, [bin, ...words], {
  cwd: ROOT,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) process.exit(status ?? 1);
writeFileSync(
  PAGE,
  page.replace(BLOCK, () => `\`\`\`text\n$ npx ${command}\n${stdout.trimEnd()}\n\`\`\``),
);
