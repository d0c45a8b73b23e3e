// Runs a benchmark from source: npm run bench -- NAME [arguments]
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const folder = new URL('../test/bench/', import.meta.url);
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
const [name, ...rest] = process.argv.slice(2);
if (!known.includes(name)) {
  console.error(`Usage: npm run bench -- NAME [arguments]. Known: ${known.join(', ')}.`);
  process.exit(2);
}
const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
const { status } = spawnSync(process.execPath, [...flags, `test/bench/${name}.ts`, ...rest], {
  cwd: new URL('..', import.meta.url),
  stdio: 'inherit',
});
process.exit(status ?? 1);
