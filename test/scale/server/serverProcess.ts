import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DISTILL = fileURLToPath(new URL('../../../packages/node/src/cli/bin.ts', import.meta.url));
const TEACHER = fileURLToPath(
  new URL('../../../packages/examples/src/mnist-distiller/teacher', import.meta.url),
);

/** A sample of the teacher that these servers have: an image of MNIST. */
export const SHAPE = [28, 28, 1] as const;

export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  /** Samples that were answered about, and batches that the model computed. */
  stats(): Promise<{ readonly samples: number; readonly batches: number }>;
  kill(): Promise<void>;
}

/** `distill serve` in a process of its own, on WebAssembly with the shipped teacher. */
export async function serverProcess(port: number, ...words: readonly string[]): Promise<ServerProcess> {
  const parameters = ['serve', '--teacher', TEACHER, '--port', String(port), '--engine', 'wasm', ...words];
  const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx', DISTILL];
  const child = spawn(process.execPath, [...flags, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = (await firstLine(child)).split(': ')[0] as string;
  return {
    url,
    port,
    async stats() {
      const answer = (await (await fetch(`${url}/stats`)).json()) as { model_stats: [Statistics] };
      const [{ inference_count: samples, execution_count: batches }] = answer.model_stats;
      return { samples, batches };
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

interface Statistics {
  readonly inference_count: number;
  readonly execution_count: number;
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) return line;
  throw new Error('The server ended before it was ready.');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
