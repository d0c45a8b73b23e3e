import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** How long something has been worked at, over all processes that went on with it. */
export class WorkClock {
  readonly #began = performance.now();

  private constructor(
    readonly file: string,
    readonly before: number,
  ) {}

  /** Starts again where the file says; a file that is missing or damaged says 0. */
  static async open(file: string): Promise<WorkClock> {
    const before = Number(await readFile(file, 'utf8').catch(() => 0));
    return new WorkClock(file, before > 0 && Number.isFinite(before) ? before : 0);
  }

  get seconds(): number {
    return this.before + (performance.now() - this.#began) / 1000;
  }

  async save(): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    await writeFileAtomic(this.file, `${this.seconds}\n`);
  }
}
