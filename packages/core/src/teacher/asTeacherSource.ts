import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type GraphModelLike, liveTeacher, type TeacherFunction } from './liveTeacher.js';
import { type TeacherSource } from './TeacherSource.js';

/** Everything that can be a teacher. */
export type TeacherLike = LayersModel | GraphModelLike | TeacherFunction | TeacherSource;

/** A source as it is; anything else runs live. */
export function asTeacherSource(value: TeacherLike): TeacherSource {
  return isTeacherSource(value) ? value : liveTeacher(value);
}

function isTeacherSource(value: unknown): value is TeacherSource {
  return typeof (value as TeacherSource | undefined)?.outputs === 'function';
}
