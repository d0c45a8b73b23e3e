import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../packages/node/src/cli/bin.ts', import.meta.url));
const FLAGS = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];

export const SLOW_TEACHER = fileURLToPath(new URL('slowTeacher.mjs', import.meta.url));

/** A `distill` command in a process of its own. */
export class Machine {
  readonly ended: Promise<number | null>;
  static readonly #all = new Set<Machine>();
  readonly #process: ChildProcess;
  #told = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const all = { ...process.env, DISTILL_ENGINE: 'cpu', ...env };
    this.#process = spawn(process.execPath, [...FLAGS, BIN, ...args], { env: all });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#told += String(chunk)));
    this.ended = new Promise((resolve) => this.#process.once('exit', resolve));
    Machine.#all.add(this);
    void this.ended.then(() => Machine.#all.delete(this));
  }

  /** All that it printed. */
  get told(): string {
    return this.#told;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Waits until it has printed that. @throws If it ended without. */
  async says(text: string | RegExp, seconds = 300): Promise<void> {
    const end = performance.now() + 1000 * seconds;
    while (this.#told.search(text) < 0) {
      if (!this.running || performance.now() > end)
        throw new Error(`Expected a process to say ${text}, it said: ${this.#told}`);
      await pause(10);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.running) this.#process.kill(signal);
    await this.ended;
  }

  /** So that a test that fails leaves nothing running. */
  static async killAll(): Promise<void> {
    await Promise.all([...Machine.#all].map((machine) => machine.kill()));
  }

  /** @throws Unless it ends well. */
  async done(): Promise<string> {
    const code = await this.ended;
    if (code !== 0) throw new Error(`Expected a process to end well, it ended with ${code}: ${this.#told}`);
    return this.#told;
  }
}

/** Samples of four numbers, in a module. */
export async function dataModule(folder: string, samples: number): Promise<string> {
  const file = path.join(folder, 'data.mjs');
  const split = `{ values, shape: [${samples}, 4], labels: new Int32Array(${samples}).fill(-1) }`;
  const values = `const values = Float32Array.from({ length: ${4 * samples} }, (_, i) => Math.sin(i * 12.9898) * 3);`;
  const whole = `export default { train: ${split}, test: ${split}, classNames: ['a', 'b', 'c'] };`;
  await writeFile(file, `${values}\n${whole}\n`);
  return file;
}
