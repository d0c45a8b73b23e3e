// Writes packages/node/schema/run.schema.json and the reference in docs/runs.md from the code.
import { spawnSync } from 'node:child_process';

const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
const { status } = spawnSync(process.execPath, [...flags, 'test/docs/writeRunSchema.ts'], {
  cwd: new URL('..', import.meta.url),
  stdio: 'inherit',
});
process.exit(status ?? 1);
