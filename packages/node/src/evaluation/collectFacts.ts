import { type Tensor } from '@tensorflow/tfjs-core';
import {
  type Batch,
  batchSource,
  type Data,
  DistillError,
  type Fact,
  FACTS,
  sampleFacts,
  type TeacherLike,
} from '@tfjs-distill/core';
import { type CompiledSubject, compiledSubject } from './compiledSubject.js';
import { asSubject, type Subject } from './Subject.js';

/** One list a fact, one entry a sample. */
export type FactColumns = Readonly<Record<Fact, readonly number[]>>;

export interface CollectedFacts {
  readonly classes: number;
  readonly columns: FactColumns;
}

export interface CollectOptions {
  readonly batchSize: number;
  readonly teacher?: TeacherLike | undefined;
}

/**
 * Asks a model, and its teacher, once of every sample. A sample of weight 0 is padding and left out.
 *
 * @returns The columns of `FACTS`; those of the teacher are empty without one.
 * @throws DistillError `DATA` without samples, `NUMERIC` where logits are not numbers, `SHAPE`.
 */
export async function collectFacts(
  subject: Subject,
  data: Data,
  { batchSize, teacher }: CollectOptions,
): Promise<CollectedFacts> {
  const asked = [subject, ...(teacher === undefined ? [] : [asSubject(teacher)])].map(compiledSubject);
  const [model, reference] = asked as [CompiledSubject, CompiledSubject?];
  const columns = Object.fromEntries(FACTS.map((fact) => [fact, [] as number[]])) as Record<Fact, number[]>;
  let classes = 0;
  try {
    for await (const { batch, free } of batchSource(data, { batchSize }).epoch(0)) {
      try {
        const logits = await model.logits(batch);
        classes = classesOf(logits, subject);
        append(columns, await readFacts(logits, batch, await reference?.logits(batch)));
      } finally {
        free();
      }
    }
  } finally {
    for (const { dispose } of asked) dispose();
  }
  checkFacts(columns, subject);
  return { classes, columns };
}

/** Rows of facts; frees both logits. */
async function readFacts(logits: Tensor, { y, weights }: Batch, teacherLogits?: Tensor): Promise<number[][]> {
  const facts = sampleFacts(logits, y, teacherLogits);
  try {
    const [rows, counted] = await Promise.all([facts.array(), weights?.data()]);
    return rows.filter((_, i) => counted === undefined || counted[i] !== 0);
  } finally {
    facts.dispose();
    logits.dispose();
    teacherLogits?.dispose();
  }
}

function append(columns: Record<Fact, number[]>, rows: readonly (readonly number[])[]): void {
  for (const row of rows) for (const [i, value] of row.entries()) columns[FACTS[i] as Fact].push(value);
}

function classesOf(logits: Tensor, { name }: Subject): number {
  const classes = logits.shape.at(-1) ?? 0;
  if (classes > 1) return classes;
  const shape = logits.shape.join(', ');
  throw new DistillError('SHAPE', `Expected logits of two classes or more from "${name}", got [${shape}].`, {
    where: 'evaluateModel',
  });
}

function checkFacts({ truth, confidence }: FactColumns, { name }: Subject): void {
  const where = 'evaluateModel';
  if (truth.length === 0) throw new DistillError('DATA', 'The data set has no samples.', { where });
  if (!truth.some((label) => label >= 0))
    throw new DistillError('DATA', 'The data set has no labelled samples.', { where });
  const odd = confidence.filter((value) => !Number.isFinite(value)).length;
  if (odd > 0)
    throw new DistillError('NUMERIC', `Model "${name}" gave NaN or infinite logits for ${odd} samples.`, {
      where,
    });
}
