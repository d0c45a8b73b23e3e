import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** A project that has ONNX Runtime: 270 MB that no ordinary checkout should carry. */
export const onnxProject = fileURLToPath(new URL('../../../.cache/test-onnx/', import.meta.url));

/** Installs it there, once. @returns Why it cannot be, or nothing. */
export async function onnxMissing(): Promise<string | undefined> {
  try {
    await access(path.join(onnxProject, 'node_modules', 'onnxruntime-node', 'package.json'));
    return undefined;
  } catch {
    await mkdir(onnxProject, { recursive: true });
    await writeFile(path.join(onnxProject, 'package.json'), '{ "private": true }');
    const install = ['install', '--ignore-scripts', 'onnxruntime-node'];
    const { failed } = await execa('npm', install, { cwd: onnxProject, reject: false });
    return failed ? 'npm cannot install onnxruntime-node' : undefined;
  }
}
