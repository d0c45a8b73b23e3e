import { close, openSync, read, readSync } from 'node:fs';
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

/** Milliseconds a part may take, read at once, before the disk is taken to be waited for. */
const AT_ONCE_MS = 0.05;
/** How long reading then goes on in the background before it is tried at once again, milliseconds. */
const IN_BACKGROUND_MS = 2000;

/**
 * Reads parts of many files while keeping few of them open.
 *
 * What the system has in memory is read at once, 2 µs a part, a quarter of what a read in the background
 * takes of this thread. Where that turns out slow, the disk is being waited for: then parts are read in the
 * background for a while.
 */
export class FilePool {
  readonly #files = new Map<string, OpenFile>(); // least recently used first
  #backgroundUntil = -Infinity;

  /**
   * Fills every target.
   *
   * @returns Nothing if that is done, else a promise.
   * @throws DistillError `DATA` if a file cannot be read or ends too early.
   */
  readAll(parts: readonly FilePart[]): void | Promise<void> {
    if (parts.length === 0) return;
    const start = performance.now();
    if (start < this.#backgroundUntil) return this.#readInBackground(parts);
    for (const part of parts) this.#readAtOnce(part);
    const end = performance.now();
    if (end - start > 1 + AT_ONCE_MS * parts.length) this.#backgroundUntil = end + IN_BACKGROUND_MS;
  }

  /** Closes what nobody reads; what is being read closes when it has been. */
  dispose(): void {
    this.#closeIdle(0);
  }

  #readAtOnce({ path, position, target }: FilePart): void {
    try {
      const { descriptor } = this.#use(path);
      assertWhole(readSync(descriptor, target, 0, target.length, position), target);
      this.#closeIdle(KEPT_OPEN);
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  /** Callbacks that count: a promise for each part would cost more than its reading. */
  #readInBackground(parts: readonly FilePart[]): Promise<void> {
    return new Promise((done, fail) => {
      let left = parts.length;
      for (const { path, position, target } of parts) {
        const file = this.#use(path);
        file.readers += 1;
        read(file.descriptor, target, 0, target.length, position, (error, count) => {
          file.readers -= 1;
          this.#closeIdle(KEPT_OPEN);
          try {
            if (error) throw error;
            assertWhole(count, target);
            if (--left === 0) done();
          } catch (cause) {
            fail(unreadable(path, cause));
          }
        });
      }
    });
  }

  #use(path: string): OpenFile {
    const file = this.#files.get(path) ?? opened(path);
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

function opened(path: string): OpenFile {
  try {
    return { descriptor: openSync(path, 'r'), readers: 0 };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function assertWhole(count: number, target: Uint8Array): void {
  if (count < target.length) throw new RangeError(`it ends ${target.length - count} bytes early`);
}

function unreadable(where: string, cause: unknown): DistillError {
  if (cause instanceof DistillError) return cause;
  return new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where, cause });
}
