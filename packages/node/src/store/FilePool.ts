import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { DistillError, messageOf } from '@tfjs-distill/core';

interface OpenFile {
  readonly descriptor: Promise<number>;
  readers: number;
}

const openFile = promisify(open);

/** Far below what systems allow a process to have open. */
const KEPT_OPEN = 256;

/** Reads parts of many files while keeping few of them open. */
export class FilePool {
  readonly #files = new Map<string, OpenFile>(); // least recently used first

  /**
   * Fills `target` from a place in a file.
   *
   * @throws DistillError `DATA` if the file cannot be read or ends too early.
   */
  async read(path: string, target: Uint8Array, position: number): Promise<void> {
    const file = this.#use(path);
    try {
      const count = await readAt(await file.descriptor, target, position);
      if (count === target.length) return;
      throw new Error(`it ends ${target.length - count} bytes early`);
    } catch (cause) {
      throw new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where: path, cause });
    } finally {
      file.readers -= 1;
      this.#closeIdle(KEPT_OPEN);
    }
  }

  /** Closes what nobody reads; what is being read closes when it has been. */
  dispose(): void {
    this.#closeIdle(0);
  }

  #use(path: string): OpenFile {
    const file = this.#files.get(path) ?? { descriptor: openFile(path, 'r'), readers: 0 };
    file.readers += 1;
    this.#files.delete(path);
    this.#files.set(path, file);
    return file;
  }

  #closeIdle(limit: number): void {
    if (this.#files.size <= limit) return;
    for (const [path, { descriptor, readers }] of this.#files) {
      if (this.#files.size <= limit) return;
      if (readers > 0) continue;
      this.#files.delete(path);
      descriptor.then(
        (fd) => close(fd),
        () => undefined,
      );
    }
  }
}

/** The callback form: a quarter of the time of a file handle's promises. */
function readAt(descriptor: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((done, fail) => {
    read(descriptor, target, 0, target.length, position, (error, count) => {
      if (error) fail(error);
      else done(count);
    });
  });
}
