import { type StoreHeader, type StoreHeaderInput } from '@tfjs-distill/core';
import { type TeacherTrial } from './tryTeacher.js';

/** What to store of each sample, and as which numbers. What is left out has the store's default. */
export interface LabelForm extends Partial<Pick<StoreHeader, 'kind' | 'dtype' | 'k' | 'temperature'>> {
  /** Layers or outputs to store besides, by the teacher's names. */
  readonly features?: readonly string[];
}

/** Fingerprints of what a store is of. */
export type LabelOrigin = Pick<StoreHeader, 'teacher' | 'dataset'>;

/** The header of a store of these labels: sizes are those that a trial has shown. */
export function labelHeader(form: LabelForm, trial: TeacherTrial, origin: LabelOrigin): StoreHeaderInput {
  const { check, positions, features } = trial;
  return { ...form, ...origin, classes: check.classes, positions, features };
}
