import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { parse } from 'yaml';
import { isModelAddress } from '../../teachers/remote/modelAddress.js';
import { type TeacherSpec } from '../../teachers/teacherSpec.js';

/**
 * A teacher as the command line gives it: a path or address as it is; of a YAML or JSON file what stands in it, its
 * `model` relative to the file. A TensorFlow.js `model.json` is a model.
 */
export async function readTeacherSpec(text: string): Promise<string | TeacherSpec> {
  const isFile = /\.(ya?ml|json)$/.test(text) && !isModelAddress(text);
  if (!isFile) return text;
  const content = await readFile(text, 'utf8').catch((cause: unknown) => {
    throw new DistillError('DATA', `${text} cannot be read: ${messageOf(cause)}.`, {
      where: '--teacher',
      cause,
    });
  });
  const value = parsed(text, content);
  if (value !== null && typeof value === 'object' && 'modelTopology' in value) return text;
  const { model, ...rest } = (value ?? {}) as TeacherSpec;
  if (typeof model !== 'string')
    throw new DistillError('OPTION', `${text} names no \`model\`.`, { where: '--teacher' });
  return { ...rest, model: isModelAddress(model) ? model : path.resolve(path.dirname(text), model) };
}

function parsed(file: string, content: string): unknown {
  try {
    return parse(content);
  } catch (cause) {
    throw new DistillError('DATA', `${file} is no valid YAML or JSON: ${messageOf(cause)}`, {
      where: '--teacher',
      cause,
    });
  }
}
