import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { exists } from '../../io/exists.js';
import { type Progress, type Wheel } from './wheel.js';

/** Of a wheel's 15,000 files: the libraries, the headers of TensorFlow's C interface, and CUDA's libraries. */
const NEEDED = [
  /^tensorflow\/libtensorflow[^/]*$/,
  /^tensorflow\/include\/tensorflow\/(c|core\/platform)\/.*\.h$/,
  /^tensorflow\/include\/(xla\/)?tsl\/(c|platform)\/.*\.h$/,
  /^nvidia\/.*\/lib\//,
  /\.dist-info\/METADATA$/,
];

/**
 * Unpacks what is needed of one wheel. A wheel that was unpacked completely before is left as it is.
 *
 * @param directory Gets `tensorflow/`, `nvidia/` as in the wheel.
 */
export async function unpackWheel(wheel: Wheel, directory: string, onProgress?: Progress): Promise<void> {
  const mark = path.join(directory, `.unpacked-${wheel.sha256}`);
  if (await exists(mark)) return;
  const zip = await yauzl.openPromise(wheel.file, { lazyEntries: true, autoClose: false });
  try {
    const entries: yauzl.Entry[] = [];
    for await (const entry of zip.eachEntry())
      if (NEEDED.some((pattern) => pattern.test(entry.fileName)) && !entry.fileName.endsWith('/'))
        entries.push(entry);
    const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    let written = 0;
    const count = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        onProgress?.((written += chunk.length), total);
        yield chunk;
      }
    };
    for (const entry of entries) {
      const file = path.join(directory, entry.fileName);
      await mkdir(path.dirname(file), { recursive: true });
      await rm(file, { force: true });
      await pipeline(await zip.openReadStreamPromise(entry), count, createWriteStream(file));
    }
  } finally {
    zip.close();
  }
  await writeFile(mark, '');
}

/** The requirements of a wheel's extra, e.g. `nvidia-cudnn-cu12<10.0,>=9.3` of `and-cuda`, from its METADATA. */
export function requirementsOfExtra(metadata: string, extra: string): string[] {
  const lines = metadata.split('\n').filter((line) => line.startsWith('Requires-Dist:'));
  return lines
    .filter((line) => new RegExp(`extra == ['"]${extra}['"]`).test(line))
    .map((line) => line.slice('Requires-Dist:'.length).split(';')[0]!.trim());
}
