import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { type LossCase } from './cases.js';

/** PyTorch in a process of its own, asked case by case, so that both sides are measured in turn. */
export class Torch {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(python: string) {
    this.#child = spawn(python, [fileURLToPath(new URL('../losses_torch.py', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** @returns PyTorch and its version, or `undefined` where this Python has none. */
  static async start(python: string): Promise<{ torch: Torch; version: string } | undefined> {
    const torch = new Torch(python);
    torch.#child.once('error', () => undefined); // no such program: its output ends, which says enough
    const hello = (await torch.#answer().catch(() => undefined)) as { torch: string } | undefined;
    return hello && { torch, version: hello.torch };
  }

  /** Least milliseconds of forward and backward; `undefined` for a method that the fixtures do not have. */
  async time({ type, inputs, wrt, options }: LossCase, seconds: number): Promise<number | undefined> {
    this.#child.stdin!.write(`${JSON.stringify({ type, inputs, wrt, options, seconds })}\n`);
    const { ms } = (await this.#answer()) as { ms: number | null };
    return ms ?? undefined;
  }

  stop(): void {
    this.#child.stdin!.end();
  }

  async #answer(): Promise<unknown> {
    const { value, done } = (await this.#answers.next()) as IteratorResult<string, undefined>;
    if (done) throw new Error('PyTorch ended early; its message is above.');
    return JSON.parse(value) as unknown;
  }
}
