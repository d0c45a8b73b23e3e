// Writes docs/losses.md from packages/losses/methods.json and the code.
import { spawnSync } from 'node:child_process';

const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
const { status } = spawnSync(process.execPath, [...flags, 'test/docs/writeLossesPage.ts'], {
  cwd: new URL('..', import.meta.url),
  stdio: 'inherit',
});
process.exit(status ?? 1);
