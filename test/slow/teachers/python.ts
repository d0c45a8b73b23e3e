import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Readable } from 'node:stream';
import { execa } from 'execa';
import { exists } from '../../../packages/node/src/io/exists.js';

/** Python packages for tests live in the working folder's ignored cache: installed once, some hundred megabytes each. */
const CACHE = fileURLToPath(new URL('../../../.cache/test-python/', import.meta.url));

/** A Python with packages of its own, or why there is none. */
export type Environment =
  { readonly python: string; readonly libraries: string } | { readonly missing: string };

export async function pythonWith(...packages: readonly string[]): Promise<Environment> {
  const folder = path.join(CACHE, packages.join('+'));
  const python = path.join(folder, 'bin', 'python');
  const receipt = path.join(folder, 'complete');
  try {
    if (!(await exists(receipt))) {
      await mkdir(CACHE, { recursive: true });
      await execa('python3', ['-m', 'venv', '--clear', folder]);
      await execa(python, ['-m', 'pip', 'install', '-q', '--only-binary', ':all:', ...packages]);
      await writeFile(receipt, '');
    }
    const code = 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))';
    return { python, libraries: (await execa(python, ['-c', code])).stdout.trim() };
  } catch (error) {
    return { missing: `pip cannot install ${packages.join(' and ')}: ${firstLine(error)}` };
  }
}

/** Three free ports that follow each other: a model server takes HTTP, gRPC and metrics. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    if (port < 65_000) return port;
  }
}

export const temporaryFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'distill-'));

/** A server in a process of its own. */
export interface ServerProcess extends PromiseLike<unknown> {
  readonly all: Readable;
  readonly exitCode: number | null;
  kill(signal: NodeJS.Signals): boolean;
}

/** Waits until an address answers with success; fails with what the server printed. */
export async function untilReady(url: string, server: ServerProcess, seconds = 60): Promise<void> {
  const printed: string[] = [];
  server.all.on('data', (chunk: Buffer) => printed.push(String(chunk)));
  for (let i = 0; i < seconds * 4; i++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (server.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`The server is not ready: ${printed.join('').slice(-2000)}`);
}

const firstLine = (error: unknown): string => String(error).split('\n')[0] ?? '';
