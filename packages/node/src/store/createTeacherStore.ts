import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  assertHeader,
  type Columns,
  columnsOf,
  DistillError,
  encodeRows,
  expected,
  newColumn,
  rowBytes,
  type ShardEntry,
  storeHeader,
  type StoreHeader,
  type StoreHeaderInput,
  type TeacherRows,
  type TeacherStoreWriter,
} from '@tfjs-distill/core';
import { encodeShard } from './encodeShard.js';
import { RowJournal } from './RowJournal.js';
import {
  JOURNAL,
  readManifest,
  readShard,
  shardFiles,
  shardName,
  writeManifest,
  writeShard,
} from './storeFolder.js';

export interface WriteOptions {
  /** Bytes of a shard, > 0; also what is held in memory while writing. Default 16 MiB. */
  readonly shardBytes?: number;
}

/**
 * Starts a store on disk, or goes on with one that was interrupted.
 *
 * Rows go into a journal, and from there into shards, so what `append` has taken is on disk; after a
 * kill at any moment the next run goes on with `missing`. While writing, the ids of all stored samples
 * are in memory, some 40 bytes each. One process at a time may write to a folder.
 *
 * @param folder Made if it is missing.
 * @returns Writer; `close` it when all samples are stored.
 * @throws DistillError `OPTION` if the header breaks its rules; `DATA` if the folder holds another store, a damaged one,
 *   or cannot be written.
 * @example
 * const writer = await createTeacherStore('labels', { classes: 10, teacher: 'aa11', dataset: 'bb22' });
 * for (const ids of blocks(writer.missing(all))) await writer.append({ ids, logits: await ask(ids) });
 * await writer.close();
 */
export async function createTeacherStore(
  folder: string,
  input: StoreHeaderInput,
  { shardBytes = 16 * 2 ** 20 }: WriteOptions = {},
): Promise<TeacherStoreWriter> {
  if (!(shardBytes > 0))
    throw expected('shardBytes', 'a number above 0', shardBytes, { where: 'createTeacherStore' });
  const header = storeHeader(input);
  const manifest = await readManifest(folder);
  if (manifest === undefined) await writeManifest(folder, { header });
  else assertHeader(manifest.header, header, folder);
  await removeTorn(folder);
  const writer = new DiskWriter(folder, header, Math.max(1, Math.floor(shardBytes / rowBytes(header))));
  await writer.recover(manifest?.shards !== undefined);
  return writer;
}

/** What a kill in the middle of writing a file leaves behind: `00000003.arrow.1234567`. */
async function removeTorn(folder: string): Promise<void> {
  const torn = (await readdir(folder)).filter((name) => /^(\d{8}\.arrow|store\.json)\.\d+$/.test(name));
  await Promise.all(torn.map((name) => rm(join(folder, name), { force: true })));
}

class DiskWriter implements TeacherStoreWriter {
  readonly header: StoreHeader;
  readonly #folder: string;
  readonly #perShard: number;
  readonly #stored = new Set<number>();
  readonly #shards: ShardEntry[] = [];
  #pending: Record<string, Columns[string]> = {};
  #filled = 0;
  #journal: RowJournal | undefined;
  #whole = false;

  constructor(folder: string, header: StoreHeader, perShard: number) {
    this.#folder = folder;
    this.header = header;
    this.#perShard = perShard;
  }

  get size(): number {
    return this.#stored.size;
  }

  async recover(whole: boolean): Promise<void> {
    this.#whole = whole;
    for (const file of await shardFiles(this.#folder)) {
      const { shard } = await readShard(this.#folder, file);
      assertHeader(shard.header, this.header, join(this.#folder, file));
      for (const id of shard.ids) this.#stored.add(id);
      this.#shards.push({ file, samples: shard.samples, digest: shard.digest });
    }
    const opened = await RowJournal.open(join(this.#folder, JOURNAL), this.header);
    this.#journal = opened.journal;
    for (const { columns, samples } of opened.records) {
      const ids = columns['id'] as Int32Array;
      if (ids.some((id) => this.#stored.has(id))) continue; // killed after its shard was written
      this.#take(columns, 0, samples);
    }
  }

  missing(ids: Int32Array): Int32Array {
    return ids.filter((id) => !this.#stored.has(id));
  }

  async append(rows: TeacherRows): Promise<void> {
    const columns = encodeRows(this.header, rows);
    this.#assertNew(rows.ids);
    if (this.#whole) await writeManifest(this.#folder, { header: this.header });
    this.#whole = false;
    for (let from = 0; from < rows.ids.length;) {
      const to = Math.min(from + this.#perShard - this.#filled, rows.ids.length);
      const fills = this.#filled + to - from === this.#perShard;
      if (!fills) await this.#journal?.append(columns, from, to);
      this.#take(columns, from, to);
      if (fills) await this.#writeShard();
      from = to;
    }
  }

  async close(): Promise<void> {
    if (this.#filled > 0) await this.#writeShard();
    await writeManifest(this.#folder, { header: this.header, shards: this.#shards });
    this.#whole = true;
    await this.#journal?.remove();
  }

  #assertNew(ids: Int32Array): void {
    const own = new Set<number>();
    const again = ids.find((id) => this.#stored.has(id) || own.size === own.add(id).size);
    if (again === undefined) return;
    throw new DistillError('DATA', `Expected one output per sample, got another one for sample ${again}.`, {
      where: this.#folder,
      hint: 'Ask `missing(ids)` what is left to store.',
    });
  }

  #take(columns: Columns, from: number, to: number): void {
    for (const column of columnsOf(this.header)) {
      const { name, width } = column;
      const values = (this.#pending[name] ??= newColumn(column, this.#perShard));
      const rows = columns[name]?.subarray(from * width, to * width);
      if (rows) values.set(rows, this.#filled * width);
    }
    for (const id of columns['id']?.subarray(from, to) ?? []) this.#stored.add(id);
    this.#filled += to - from;
  }

  async #writeShard(): Promise<void> {
    const samples = this.#filled;
    const columns = Object.fromEntries(
      columnsOf(this.header).map(({ name, width }) => [
        name,
        this.#pending[name]?.subarray(0, samples * width) ?? new Int32Array(),
      ]),
    );
    const bytes = await encodeShard(this.header, columns, samples);
    const file = shardName(Number.parseInt(this.#shards.at(-1)?.file ?? '-1', 10) + 1);
    await writeShard(this.#folder, file, bytes);
    this.#shards.push({ file, samples, digest: Buffer.from(bytes.subarray(-32)).toString('hex') });
    this.#filled = 0;
    await this.#journal?.clear();
  }
}
