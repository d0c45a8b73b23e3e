import { depthwiseSeparable } from './depthwiseSeparable.js';
import { kerasCnn, kerasTeacher } from './kerasCnn.js';
import { lightCnn } from './lightCnn.js';
import { mlp } from './mlp.js';
import { smallCnn } from './smallCnn.js';
import { type StudentBuilder } from './StudentBuilder.js';
import { twoBlockCnn } from './twoBlockCnn.js';

/** Every student that a configuration can name. */
export const STUDENTS = {
  'small-cnn': smallCnn,
  'depthwise-separable': depthwiseSeparable,
  mlp,
  'light-cnn': lightCnn,
  'two-block-cnn': twoBlockCnn,
  'keras-cnn': kerasCnn,
  'keras-teacher': kerasTeacher,
} as const satisfies Record<string, StudentBuilder>;

export type StudentName = keyof typeof STUDENTS;
export const STUDENT_NAMES = Object.keys(STUDENTS) as StudentName[];
