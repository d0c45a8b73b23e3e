import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { DistillError, isLayersModel, messageOf, probabilityLayer } from '@tfjs-distill/core';
import { resolvePackage } from '../data/resolvePackage.js';
import { studentOf } from '../export/studentOf.js';
import { fileSystem } from '../io/fileSystem.js';
import { openModel } from '../models/openModel.js';

const ASSETS = fileURLToPath(new URL('../../src/page/assets/', import.meta.url)); // shipped as they are
const SCRIPTS = ['core', 'layers', 'backend-cpu', 'backend-wasm'];
const where = 'distill page';

export interface PageReport {
  readonly directory: string;
  readonly classNames: readonly string[];
}

/**
 * Writes a page that classifies images with a run's student: a folder for any static host, without a server's code.
 *
 * @param path A run's folder, or a model's.
 * @param output Made if it is missing.
 * @throws DistillError `DATA` if there is no student or the folder cannot be written, `OPTION` if it takes no images.
 */
export async function writePage(path: string, output: string): Promise<PageReport> {
  const { model, record } = await studentOf(path);
  const student = await openModel(model);
  try {
    if (!isLayersModel(student))
      throw new DistillError('OPTION', 'Expected a model of layers, got a graph.', { where });
    const classes = assertImages(student);
    const classNames = record?.classNames ?? Array.from({ length: classes }, (_, i) => String(i));
    await mkdir(output, { recursive: true });
    await cp(ASSETS, output, { recursive: true });
    await copyTensorFlow(output);
    await student.save(fileSystem(join(output, 'student')));
    const labels = {
      title: record?.name ?? basename(path),
      classNames,
      logits: probabilityLayer(student) === undefined,
      bytes: student.countParams() * Float32Array.BYTES_PER_ELEMENT,
    };
    await writeFile(join(output, 'labels.json'), `${JSON.stringify(labels)}\n`);
    return { directory: output, classNames };
  } catch (cause) {
    if (cause instanceof DistillError) throw cause;
    throw new DistillError('DATA', `It cannot be written: ${messageOf(cause)}.`, { where: output, cause });
  } finally {
    student.dispose();
  }
}

/** @returns The number of classes. */
function assertImages({ inputs, outputs }: LayersModel): number {
  const input = inputs[0]?.shape ?? [];
  const output = outputs[0]?.shape ?? [];
  const [, height, width, channels] = input;
  const fits = input.length === 4 && height && width && (channels === 1 || channels === 3);
  if (inputs.length === 1 && fits && output.length === 2 && output[1]) return output[1];
  throw new DistillError(
    'OPTION',
    `Expected a classifier of images [height, width, 1 or 3], got ${input.join('×')}.`,
    {
      where,
      hint: 'Other students load with loadLayersModel; `distill export` writes them.',
    },
  );
}

async function copyTensorFlow(output: string): Promise<void> {
  for (const name of SCRIPTS) {
    const script = resolvePackage(
      `@tensorflow/tfjs-${name}/dist/tf-${name}.min.js`,
      where,
      'Install the peers.',
    );
    await cp(script, join(output, basename(script)));
  }
  const wasm = dirname(
    resolvePackage('@tensorflow/tfjs-backend-wasm/package.json', where, 'Install the peers.'),
  );
  const files = (await readdir(join(wasm, 'wasm-out'))).filter((file) => file.endsWith('.wasm'));
  for (const file of files) await cp(join(wasm, 'wasm-out', file), join(output, file));
}
