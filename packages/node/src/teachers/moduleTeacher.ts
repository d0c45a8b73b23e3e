import { asTeacherSource, expected, type TeacherLike, type TeacherSource } from '@tfjs-distill/core';
import { importExport } from '../run/importExport.js';

/**
 * A teacher out of a user's own module: its default export is `(x) => logits`, may be `async`, or anything else that
 * `prepareCompression` takes as a teacher.
 *
 * @throws DistillError if there is no such file or it exports something else.
 * @example
 * // teacher.js
 * export default async (x) => askMyOwnService(x);
 */
export async function moduleTeacher(file: string): Promise<TeacherSource> {
  const exported = await importExport(file);
  if (exported === null || (typeof exported !== 'object' && typeof exported !== 'function'))
    throw expected('the default export', 'a function (x) => logits, or a model', exported, { where: file });
  return asTeacherSource(exported as TeacherLike);
}
