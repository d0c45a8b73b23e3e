import { type LayersModel } from '@tensorflow/tfjs-layers';
import { adaptTeacher } from './adaptTeacher.js';
import { type GraphModelLike, liveTeacher, type TeacherFunction } from './liveTeacher.js';
import { type TeacherEntry } from './TeacherEntry.js';
import { type TeacherSource } from './TeacherSource.js';

/** Everything that can be a teacher. */
export type TeacherLike = LayersModel | GraphModelLike | TeacherFunction | TeacherSource | TeacherEntry;

/** A source as it is; anything else runs live; `{ source, … }` with its conversions. */
export function asTeacherSource(value: TeacherLike): TeacherSource {
  if (isTeacherSource(value)) return value;
  return isEntry(value) ? fromEntry(value) : liveTeacher(value);
}

function fromEntry({ source, ...adaptation }: TeacherEntry): TeacherSource {
  if (isTeacherSource(source)) return adaptTeacher(source, adaptation);
  const { outputs } = adaptation;
  if (outputs === 'auto') return adaptTeacher(liveTeacher(source, { outputs: 'logits' }), adaptation);
  return adaptTeacher(liveTeacher(source, outputs && { outputs }), { ...adaptation, outputs: 'logits' });
}

function isTeacherSource(value: unknown): value is TeacherSource {
  return typeof (value as TeacherSource | undefined)?.outputs === 'function';
}

function isEntry(value: unknown): value is TeacherEntry {
  return typeof value === 'object' && value !== null && 'source' in value;
}
