import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type ExampleRecord } from '../../packages/examples/src/example/ExampleRecord.js';

const FLAGS = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];

export interface Ended {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** An example as its verb runs it, from a folder, with its output piped. */
export async function runMain(name: string, words: readonly string[], cwd = '.'): Promise<Ended> {
  const main = fileURLToPath(new URL(`../../packages/examples/src/${name}/main.ts`, import.meta.url));
  const { exitCode, stdout, stderr } = await execa(process.execPath, [...FLAGS, main, ...words], {
    cwd,
    reject: false,
  });
  return { code: exitCode, out: stdout, err: stderr };
}

/** What it printed last, with `--json`. */
export function recordOf({ code, out, err }: Ended): ExampleRecord {
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
  return JSON.parse(out.split('\n').at(-1)!) as ExampleRecord;
}
