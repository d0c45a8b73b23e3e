import { readFile } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { DistillError, expected, messageOf } from '@tfjs-distill/core';
import { type Document, isMap, isNode, isPair, isSeq, LineCounter, parse, parseDocument } from 'yaml';

type Path = readonly PropertyKey[];

/** A YAML or JSON file that knows the line of every key. */
export class ConfigFile {
  readonly #document: Document;
  readonly #lines: LineCounter;
  /** Where values that the command line set come from, by their path. */
  readonly #overrides = new Map<string, string>();

  private constructor(
    readonly path: string,
    document: Document,
    lines: LineCounter,
  ) {
    this.#document = document;
    this.#lines = lines;
  }

  /** @throws DistillError `DATA` if it cannot be read, `OPTION` with the line if it is no YAML. */
  static async read(path: string): Promise<ConfigFile> {
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      const why = missing ? 'There is no such file' : `It cannot be read: ${messageOf(cause)}`;
      const hint = missing ? '`distill init` writes an example.' : undefined;
      throw new DistillError('DATA', `${why}.`, { where: path, ...(hint && { hint }), cause });
    });
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) {
      const where = `${path}:${lines.linePos(error.pos[0]).line}`;
      throw new DistillError('OPTION', `This is no YAML: ${error.message}.`, { where });
    }
    return new ConfigFile(path, document, lines);
  }

  /** The file's own name, without folder and ending. */
  get name(): string {
    return basename(this.path, extname(this.path));
  }

  /** Folder that relative paths in it start from. */
  get base(): string {
    return dirname(this.path);
  }

  get value(): unknown {
    return this.#document.toJS() as unknown;
  }

  /**
   * Sets one value, as `--set criterion.temperature=4` does.
   *
   * @param assignment Path and value; the value is read as YAML, so `4` is a number and `[1, 2]` a list.
   */
  set(assignment: string): void {
    const { path, value } = parseAssignment(assignment);
    try {
      this.#document.setIn(path, this.#document.createNode(value));
    } catch (cause) {
      const hint = 'A part of the path is no object or list in the file.';
      throw expected('--set', 'a path that the file has room for', path.join('.'), {
        where: this.path,
        hint,
        cause,
      });
    }
    this.#overrides.set(path.join('.'), `--set ${assignment}`);
  }

  /** e.g. `configs/kd.yaml:7`, the line of the nearest part of a path that the file has; or what set it. */
  readonly placeOf = (path: Path): string => {
    for (let length = path.length; length > 0; length--) {
      const part = path.slice(0, length);
      const override = this.#overrides.get(part.map(String).join('.'));
      if (override !== undefined) return override;
      const offset = this.#offsetOf(part);
      if (offset !== undefined) return `${this.path}:${this.#lines.linePos(offset).line}`;
    }
    return this.path;
  };

  /** Where a key begins, in the file. */
  #offsetOf(path: Path): number | undefined {
    const parent = path.length > 1 ? this.#document.getIn(path.slice(0, -1), true) : this.#document.contents;
    const key = path.at(-1);
    if (isSeq(parent)) return startOf(parent.items[Number(key)]);
    if (!isMap(parent)) return undefined;
    return startOf(parent.items.find((pair) => isPair(pair) && String(pair.key) === String(key))?.key);
  }
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** `criterion.temperature=4` as path and value. */
export function parseAssignment(assignment: string): { path: (string | number)[]; value: unknown } {
  const at = assignment.indexOf('=');
  if (at < 1) throw expected('--set', 'KEY=VALUE, such as criterion.temperature=4', assignment);
  const path = assignment
    .slice(0, at)
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  try {
    return { path, value: parse(assignment.slice(at + 1)) as unknown };
  } catch (cause) {
    throw expected('--set', 'KEY=VALUE with a value in YAML', assignment, { hint: messageOf(cause), cause });
  }
}
