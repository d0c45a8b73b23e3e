import { DistillError, shapeMismatch, unknownName } from './errors.js';
import { type Criterion } from './criterion/Criterion.js';
import { classCount } from './models/ModelSignature.js';
import { type Run } from './Run.js';
import { type Student } from './student/Student.js';
import { type TeacherSource } from './teacher/TeacherSource.js';

/** Refuses, before training, what the criteria cannot work with. */
export function checkCriteria(
  criteria: readonly Criterion[],
  student: Student,
  teacher: TeacherSource | undefined,
): void {
  for (const { type, requires = {}, taps = {} } of criteria) {
    checkTaps(type, taps.student, student);
    if (teacher !== undefined) checkTaps(type, taps.teacher, teacher);
    if (teacher === undefined) {
      if (requires.teacher === false) continue;
      throw new DistillError('OPTION', `Criterion "${type}" needs a teacher and there is none.`, {
        where: 'prepareCompression',
        hint: 'Pass `teacher`: a model, (x) => logits, or a TeacherSource.',
      });
    }
    if (requires.sameOutputShape) checkClasses(student, teacher);
  }
}

function checkTaps(
  type: string,
  taps: readonly string[] = [],
  { name, signature }: Student | TeacherSource,
): void {
  if (taps.length === 0) return; // features may cost a run to find out
  const known = signature.features;
  const missing = known && taps.find((tap) => !(tap in known));
  if (missing)
    throw unknownName('layer', missing, Object.keys(known), { where: `criterion "${type}" on "${name}"` });
}

function checkClasses(student: Student, teacher: TeacherSource): void {
  const [studentClasses, teacherClasses] = [classCount(student.signature), classCount(teacher.signature)];
  if (studentClasses === undefined || teacherClasses === undefined || studentClasses === teacherClasses)
    return;
  throw shapeMismatch(
    `teacher and student with as many classes (${teacherClasses} and ${studentClasses})`,
    {
      [`teacher "${teacher.name}"`]: teacher.signature.output ?? [],
      [`student "${student.name}"`]: student.signature.output ?? [],
    },
    { where: 'prepareCompression', hint: 'Give both the same classes in the same order.' },
  );
}

/** Refuses, inside the first step that shows it, what no signature told. */
export function checkStep(
  criteria: readonly Criterion[],
  taps: { readonly student: readonly string[]; readonly teacher: readonly string[] },
  run: Run,
): void {
  checkFeatures('student', taps.student, run.studentOutputs.features);
  if (run.teacher !== undefined) checkFeatures('teacher', taps.teacher, run.teacherOutputs.features);
  for (const { requires = {} } of criteria) {
    if (requires.labels && run.batch.y === undefined) void run.labels;
    if (requires.ids && run.batch.ids === undefined) {
      throw new DistillError('DATA', 'The criterion needs a stable id per sample and the batch has none.', {
        hint: 'Give batches as { x, y, ids }.',
      });
    }
    if (requires.sameOutputShape && run.teacher !== undefined) checkOutputs(run);
  }
}

function checkFeatures(
  side: string,
  taps: readonly string[],
  features: Readonly<Record<string, unknown>>,
): void {
  const missing = taps.find((name) => !(name in features));
  if (missing === undefined) return;
  throw unknownName(`${side} feature`, missing, Object.keys(features), {
    hint: `The criterion taps it: return it from the ${side}'s forward pass; in a loop of your own use manager.model.forward(x, { training: true, taps: manager.taps }).`,
  });
}

function checkOutputs({ teacher, student, teacherOutputs, studentOutputs }: Run): void {
  const [theirs, ours] = [teacherOutputs.logits.shape, studentOutputs.output.shape];
  if (theirs.join() === ours.join()) return;
  throw shapeMismatch('teacher and student outputs of one shape', {
    [`teacher "${teacher?.name}"`]: theirs,
    [`student "${student.name}"`]: ours,
  });
}
