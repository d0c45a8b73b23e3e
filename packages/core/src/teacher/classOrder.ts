import { expected, unknownName } from '../errors.js';

/**
 * Where the student's classes are among the teacher's: an index of the teacher's output for each class of the
 * student, or both lists of names. A part of the teacher's classes is allowed.
 */
export type ClassOrder =
  readonly number[] | { readonly teacher: readonly string[]; readonly student: readonly string[] };

const where = 'teacher.classes';

/**
 * The columns to take of a teacher's outputs, in the student's order.
 *
 * @throws DistillError for an index that is negative, fractional or repeated, or a name that the teacher lacks.
 * @example
 * classColumns({ teacher: ['cat', 'dog', 'eel'], student: ['eel', 'cat'] }); // [2, 0]
 */
export function classColumns(order: ClassOrder): readonly number[] {
  const columns = isIndices(order) ? order : byName(order);
  const distinct = new Set(columns).size === columns.length;
  if (columns.length === 0 || !distinct || columns.some((column) => !Number.isInteger(column) || column < 0))
    throw expected('classes', 'a list of distinct class numbers from 0', columns, { where });
  return columns;
}

function byName({ teacher, student }: Exclude<ClassOrder, readonly number[]>): readonly number[] {
  return student.map((name) => {
    const column = teacher.indexOf(name);
    if (column < 0) throw unknownName("class of the teacher's", name, teacher, { where });
    return column;
  });
}

function isIndices(order: ClassOrder): order is readonly number[] {
  return Array.isArray(order);
}
