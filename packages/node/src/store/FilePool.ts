import { close, openSync, read } from 'node:fs';
import { DistillError, messageOf } from '@tfjs-distill/core';

/** A part of a file, and where its bytes go. */
export interface FilePart {
  readonly path: string;
  readonly position: number;
  readonly target: Uint8Array;
}

interface OpenFile {
  readonly descriptor: number;
  readers: number;
}

/** Far below what systems allow a process to have open. */
const KEPT_OPEN = 256;

/** Reads parts of many files at once while keeping few of them open. */
export class FilePool {
  readonly #files = new Map<string, OpenFile>(); // least recently used first

  /**
   * Fills every target. Callbacks that count: a promise for each part would cost more than its reading.
   *
   * @throws DistillError `DATA` if a file cannot be read or ends too early.
   */
  readAll(parts: readonly FilePart[]): Promise<void> {
    return new Promise((done, fail) => {
      let left = parts.length;
      const ended = (path: string, problem: string | undefined) => {
        if (problem !== undefined) fail(unreadable(path, problem));
        else if (--left === 0) done();
      };
      for (const { path, position, target } of parts) this.#read(path, position, target, ended);
    });
  }

  /** Closes what nobody reads; what is being read closes when it has been. */
  dispose(): void {
    this.#closeIdle(0);
  }

  #read(
    path: string,
    position: number,
    target: Uint8Array,
    ended: (path: string, problem: string | undefined) => void,
  ): void {
    let file: OpenFile;
    try {
      file = this.#use(path);
    } catch (error) {
      ended(path, messageOf(error));
      return;
    }
    file.readers += 1;
    read(file.descriptor, target, 0, target.length, position, (error, count) => {
      file.readers -= 1;
      this.#closeIdle(KEPT_OPEN);
      const early = count < target.length ? `it ends ${target.length - count} bytes early` : undefined;
      ended(path, error ? error.message : early);
    });
  }

  #use(path: string): OpenFile {
    const file = this.#files.get(path) ?? { descriptor: openSync(path, 'r'), readers: 0 };
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
      close(descriptor);
    }
  }
}

function unreadable(where: string, problem: string): DistillError {
  return new DistillError('DATA', `The file cannot be read: ${problem}.`, { where });
}
