import { type TeacherSource } from '@tfjs-distill/core';
import { compiledTeacher } from '../compiled/compiledTeacher.js';
import { type Subject } from './Subject.js';

/** What is asked about a whole data set. */
export interface CompiledSubject extends Pick<Subject, 'logits'> {
  /** Frees the graphs; the model stays. */
  dispose(this: void): void;
}

/**
 * A model as one graph for each shape of batch, on native TensorFlow; as it is on other engines, and where it does
 * not answer at once.
 */
export function compiledSubject({ source, ...subject }: Subject): CompiledSubject {
  if (source === undefined) return { logits: (batch) => subject.logits(batch), dispose: () => undefined };
  const compiled: TeacherSource = compiledTeacher({ ...source, dispose: () => undefined });
  return {
    logits: async (batch) => (await compiled.outputs(batch)).logits,
    dispose: () => compiled.dispose?.(),
  };
}
