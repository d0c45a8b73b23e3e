import { DistillError } from '../errors.js';
import { type CompressionOptions } from '../options.js';
import { asTeacherSource } from './asTeacherSource.js';
import { ensemble } from './ensemble.js';
import { type TeacherSource } from './TeacherSource.js';

const where = 'prepareCompression';

/** The one source that the options speak of, be it of one teacher or of several; `undefined` if of none. */
export function resolveTeacher({
  teacher,
  teachers,
  combine,
}: Pick<CompressionOptions, 'teacher' | 'teachers' | 'combine'>): TeacherSource | undefined {
  if (teachers !== undefined) {
    if (teacher === undefined) return ensemble(teachers, { combine });
    throw new DistillError('OPTION', 'Expected `teacher` or `teachers`, got both.', { where });
  }
  if (combine !== undefined)
    throw new DistillError('OPTION', '`combine` is for several teachers, and there are no `teachers`.', {
      where,
    });
  return teacher === undefined ? undefined : asTeacherSource(teacher);
}
