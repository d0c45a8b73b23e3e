import { type Variable } from '@tensorflow/tfjs-core';
import { type Criterion } from '../criterion/Criterion.js';
import { DistillError, expected } from '../errors.js';
import { type Student } from '../student/Student.js';

/**
 * What a stage trains:
 *
 * - `all`: the student and the criteria's adapters;
 * - `student`: the student alone;
 * - `adapters`: what the criteria train beside it;
 * - `upTo:conv2`: the student's variables that the output of layer `conv2` depends on;
 * - `after:conv2`: its other variables;
 * - several of them, joined by `+`: `adapters+upTo:conv2`.
 */
export type TrainedSet = TrainedPart | `${TrainedPart}+${string}`;
type TrainedPart = 'all' | 'student' | 'adapters' | `upTo:${string}` | `after:${string}`;

type Variables = () => readonly Variable[];

/**
 * Makes a reader of a stage's variables: those of the student in its own order, then the criteria's.
 *
 * @returns Read it before each step: layers may be frozen and thawed in between.
 * @throws DistillError for an unknown part or layer, or a set without any variable.
 */
export function trainedVariables(
  set: TrainedSet,
  student: Student,
  criteria: readonly Criterion[],
  where: string,
): Variables {
  const readers = set.split(PLUS).map((part) => partReader(part, student, criteria, { set, where }));
  const candidates = () => [...student.variables, ...adaptersOf(criteria)];
  const read = () => {
    const wanted = new Set(readers.flatMap((reader) => reader()));
    return candidates().filter((variable) => wanted.has(variable));
  };
  // a student without variables is told of by its first step
  if (read().length > 0 || candidates().length === 0) return read;
  throw new DistillError('OPTION', `Nothing is trained by \`train: '${set}'\`.`, {
    where,
    hint: adaptersOf(criteria).length === 0 ? 'Its criteria have no adapters.' : 'The layers are frozen.',
  });
}

const PLUS = /\+(?=all|student|adapters|upTo:|after:)/;

interface Place {
  readonly set: string;
  readonly where: string;
}

function partReader(part: string, student: Student, criteria: readonly Criterion[], place: Place): Variables {
  if (part === 'all') return () => [...student.variables, ...adaptersOf(criteria)];
  if (part === 'student') return () => student.variables;
  if (part === 'adapters') return () => adaptersOf(criteria);
  const [, side, layer] = /^(upTo|after):(.+)$/.exec(part) ?? [];
  if (layer === undefined) {
    throw expected(
      'train',
      "'all', 'student', 'adapters', 'upTo:layer', 'after:layer', or several joined by +",
      place.set,
      place,
    );
  }
  const before = variablesUpTo(student, layer, place);
  if (side === 'upTo') return before;
  return () => {
    const left = new Set(before());
    return student.variables.filter((variable) => !left.has(variable));
  };
}

function variablesUpTo(student: Student, layer: string, { where }: Place): Variables {
  const read = student.variablesUpTo?.bind(student);
  if (read === undefined) {
    throw new DistillError('OPTION', `Student "${student.name}" does not say what its layers are made of.`, {
      where,
      hint: 'Give it `variablesUpTo: (layer) => variables`, or train it as a whole.',
    });
  }
  read(layer); // an unknown layer shows here
  return () => read(layer);
}

function adaptersOf(criteria: readonly Criterion[]): Variable[] {
  return criteria.flatMap(({ variables = [] }) => variables);
}
