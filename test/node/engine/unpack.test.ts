import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requirementsOfExtra, unpackWheel } from '../../../packages/node/src/engine/install/unpack.js';
import { buildWheel } from './buildWheel.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'distill-unpack-'))));
afterEach(() => rm(folder, { recursive: true }));

const FILES = {
  'tensorflow/libtensorflow_cc.so.2': 'library',
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': 'header',
  'tensorflow/include/tsl/platform/ctstring.h': 'header',
  'tensorflow/include/xla/tsl/c/tsl_status.h': 'header',
  'tensorflow/include/Eigen/Core.h': 'not needed',
  'tensorflow/python/keras.py': 'not needed',
  'nvidia/cudnn/lib/libcudnn.so.9': 'cuda',
  'tensorflow-2.21.0.dist-info/METADATA': 'Name: tensorflow',
};

const build = async () => ({ file: await buildWheel(path.join(folder, 'a.whl'), FILES), sha256: 'abc' });
const filesIn = async (directory: string) =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();

describe('unpacking a wheel', () => {
  it('takes the libraries, the headers of the C interface and CUDA, and nothing else', async () => {
    const target = path.join(folder, 'out');
    await unpackWheel(await build(), target);
    expect(await filesIn(target)).toEqual(
      ['.unpacked-abc', ...Object.keys(FILES).filter((name) => !/Eigen|python/.test(name))].sort(),
    );
    expect(await readFile(path.join(target, 'tensorflow/libtensorflow_cc.so.2'), 'utf8')).toBe('library');
  });

  it('is not done twice, and is done again where it was not finished', async () => {
    const target = path.join(folder, 'out');
    const wheel = await build();
    const library = path.join(target, 'tensorflow/libtensorflow_cc.so.2');
    await unpackWheel(wheel, target);
    await writeFile(library, 'touched');
    await unpackWheel(wheel, target);
    expect(await readFile(library, 'utf8')).toBe('touched');
    await rm(path.join(target, '.unpacked-abc'));
    await unpackWheel(wheel, target);
    expect(await readFile(library, 'utf8')).toBe('library');
  });

  it('tells how far it is', async () => {
    const seen: [number, number | undefined][] = [];
    await unpackWheel(await build(), path.join(folder, 'out'), (done, total) => seen.push([done, total]));
    expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1]);
  });

  it('refuses a truncated wheel and leaves no mark', async () => {
    const wheel = await build();
    await truncate(wheel.file, 300);
    await expect(unpackWheel(wheel, path.join(folder, 'out'))).rejects.toThrow();
    expect(await readdir(folder)).not.toContain('out');
  });

  it('writes nowhere outside of its folder', async () => {
    const file = await buildWheel(path.join(folder, 'b.whl'), { 'tensorflow/libtensorflow_aa': 'x' });
    const bytes = await readFile(file);
    // yazl refuses to write such a name; a hostile zip has it
    const evil = Buffer.from(
      bytes.toString('latin1').replaceAll('tensorflow/libtensorflow_aa', '../../../../../../evil/aaaa'),
      'latin1',
    );
    await writeFile(file, evil);
    await expect(unpackWheel({ file, sha256: 'x' }, path.join(folder, 'out'))).rejects.toThrow(
      /relative path/,
    );
  });
});

describe('the requirements of an extra', () => {
  it('are those of that extra alone', () => {
    const metadata = [
      'Name: tensorflow',
      'Requires-Dist: numpy>=1.26.0',
      'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
      "Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7 ; extra == 'and-cuda'",
      'Requires-Dist: tensorflow-io>=0.23; (python_version < "3.13") and extra == "gcs-filesystem"',
    ].join('\n');
    expect(requirementsOfExtra(metadata, 'and-cuda')).toEqual([
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-nccl-cu12<3.0,>=2.27.7',
    ]);
  });
});
