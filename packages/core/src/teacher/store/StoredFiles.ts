import { DistillError, messageOf } from '../../errors.js';

/** A file of a store whose parts can be read. */
export interface StoredFile {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `start` to before `end`, at the beginning of a buffer of their own. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Where the files of a store are. Opening one that is not there rejects. */
export interface StoredFiles {
  /** For messages, e.g. the address. */
  readonly name: string;
  open(file: string): Promise<StoredFile>;
}

/** A directory of a browser's private file system; its `FileSystemDirectoryHandle` fits. */
export interface DirectoryLike {
  readonly name: string;
  getFileHandle(name: string): Promise<{ getFile(): Promise<Blob> }>;
}

/**
 * A store on any web server. Parts are read by range requests; from a server that does not know them, whole files.
 *
 * @param address Of the folder; relative to the page.
 * @throws DistillError `DATA` from `open` and `read`, if there is no network or no such file.
 * @example httpFiles('https://example.org/labels/mnist')
 */
export function httpFiles(address: string): StoredFiles {
  const folder = address.endsWith('/') ? address : `${address}/`;
  return { name: address, open: (file) => openHttp(`${folder}${file}`) };
}

/**
 * A store in a folder of the origin's private file system (OPFS), or one that a person chose.
 *
 * @example directoryFiles(await (await navigator.storage.getDirectory()).getDirectoryHandle('mnist'))
 */
export function directoryFiles(directory: DirectoryLike): StoredFiles {
  return {
    name: directory.name,
    open: async (file) => {
      const where = `${directory.name}/${file}`;
      const handle = await directory.getFileHandle(file).catch((cause: unknown) => {
        throw unreadable(where, cause);
      });
      return blobFile(await handle.getFile(), where);
    },
  };
}

/**
 * A store as blobs by file name: what IndexedDB keeps, what a file input gives.
 *
 * @example blobFiles({ 'store.json': manifest, '00000000.arrow': shard })
 */
export function blobFiles(blobs: Readonly<Record<string, Blob>>, name = 'blobs'): StoredFiles {
  return {
    name,
    open: (file) => {
      const blob = blobs[file];
      const where = `${name}/${file}`;
      return blob
        ? Promise.resolve(blobFile(blob, where))
        : Promise.reject(unreadable(where, 'there is none'));
    },
  };
}

function blobFile(blob: Blob, where: string): StoredFile {
  return {
    size: blob.size,
    read: (start, end) =>
      blob
        .slice(start, end)
        .arrayBuffer()
        .then(
          (bytes) => whole(new Uint8Array(bytes), end - start, where),
          (cause: unknown) => Promise.reject(unreadable(where, cause)),
        ),
  };
}

/** Two bytes are asked for (some servers take `0-0` for all): the answer tells the size, and whether ranges are known. */
async function openHttp(url: string): Promise<StoredFile> {
  const first = await request(url, 0, 2);
  const size = Number(/\/(\d+)$/.exec(first.headers.get('content-range') ?? '')?.[1]);
  if (first.status !== 206 || !Number.isInteger(size)) {
    const all = new Blob([await first.arrayBuffer()]);
    return blobFile(all, url);
  }
  await first.arrayBuffer(); // frees the connection
  return {
    size,
    read: async (start, end) => {
      if (start === end) return new Uint8Array();
      const response = await request(url, start, end);
      const bytes = new Uint8Array(await response.arrayBuffer());
      return whole(response.status === 206 ? bytes : bytes.slice(start, end), end - start, url);
    },
  };
}

async function request(url: string, start: number, end: number): Promise<Response> {
  const headers = { range: `bytes=${start}-${end - 1}` };
  // parts that a browser's cache puts together are not always those of one answer
  const response = await fetch(url, { headers, cache: 'no-store' }).catch((cause: unknown) => {
    throw unreadable(url, cause);
  });
  if (!response.ok) throw unreadable(url, `the server answered ${response.status}`);
  return response;
}

function whole(bytes: Uint8Array<ArrayBuffer>, length: number, where: string): Uint8Array<ArrayBuffer> {
  if (bytes.length === length) return bytes;
  throw unreadable(where, `it ends ${length - bytes.length} bytes early`);
}

function unreadable(where: string, cause: unknown): DistillError {
  const reason = typeof cause === 'string' ? cause : messageOf(cause);
  return new DistillError('DATA', `The file cannot be read: ${reason}.`, { where, cause });
}
