import { argMax, cast, dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type Batch, batchSize } from '../Batch.js';
import { DistillError, shapeMismatch } from '../errors.js';
import { adaptTeacher } from './adaptTeacher.js';
import { isProbabilities } from './isProbabilities.js';
import { type Preprocess } from './preprocess.js';
import { outputTensors, type TeacherSource } from './TeacherSource.js';

/** What one batch shows of a teacher. */
export interface TeacherCheck {
  readonly samples: number;
  readonly classes: number;
  /** What it gives, by its looks. */
  readonly outputs: 'logits' | 'probabilities';
  /** Share of the labelled samples that it is right about; absent where none is labelled. */
  readonly accuracy?: number;
  /** What is likely wrong and what to do about it, a sentence or two each; empty where all looks well. */
  readonly warnings: readonly string[];
}

export interface CheckOptions {
  /** How many classes the student has. Default: not compared. */
  readonly classes?: number | undefined;
}

/** Mistakes that people make with a teacher's input, each as what mends it. */
const REMEDIES: readonly Preprocess[] = [
  { scale: 255 },
  { scale: 1 / 255 },
  { mean: 0.5, std: 0.5 },
  { scale: 1 / 127.5, mean: 1 },
];

/**
 * Asks a teacher about one labelled batch, before a day is spent on it: are there as many classes as thought, are they
 * logits, is it right more often than by chance. Where it is not, usual remedies are tried, and the one that helps is named.
 *
 * @param batch Some hundred samples of the data set as they are, with labels where possible. Stays yours.
 * @returns What was found. Nothing of the teacher changes.
 * @throws DistillError `SHAPE` if classes or samples differ in number, `TEACHER` if an output is not finite; whatever the
 *   teacher throws.
 *
 * @example
 * const { warnings } = await checkTeacher(teacher, { x, y }, { classes: 10 });
 * // ['It is right about 9 % of 256 samples, as if by chance. With `preprocess: {"scale":255}` it is right about 94 %.']
 */
export async function checkTeacher(
  source: TeacherSource,
  batch: Batch,
  { classes: wanted }: CheckOptions = {},
): Promise<TeacherCheck> {
  const samples = batchSize(batch);
  const { answers, classes, soft } = await ask(source, batch);
  if (wanted !== undefined && classes !== wanted)
    throw shapeMismatch(
      'a teacher of as many classes as the data set',
      { [`teacher "${source.name}"`]: [null, classes], 'data set': [null, wanted] },
      { where: 'checkTeacher', hint: "Say by `classes` which of its outputs are the data set's classes." },
    );
  const labels = await labelsOf(batch);
  const accuracy = shareRight(answers, labels);
  const warnings = [
    ...(soft
      ? ["It gives probabilities. Say so by `outputs: 'probabilities'`, or pass `outputs: 'auto'`."]
      : []),
    ...(accuracy !== undefined && asIfByChance(accuracy, answers, labels, classes)
      ? [await explain(source, batch, { answers, labels, classes, accuracy })]
      : []),
  ];
  const outputs = soft ? 'probabilities' : 'logits';
  return { samples, classes, outputs, ...(accuracy !== undefined && { accuracy }), warnings };
}

async function ask(source: TeacherSource, batch: Batch) {
  const said = await source.outputs(batch);
  const best = tidy(() => argMax(said.logits, -1));
  try {
    const values = await said.logits.data();
    if (values.some((value) => Number.isNaN(value)))
      throw new DistillError('TEACHER', `Teacher "${source.name}" answers NaN.`, {
        hint: 'Its input is likely out of range: see `preprocess`.',
      });
    const classes = said.logits.shape.at(-1) ?? 0;
    return { answers: await best.data(), classes, soft: await isProbabilities(said.logits) };
  } finally {
    dispose([best, ...outputTensors(said)]);
  }
}

type Numbers = ArrayLike<number>;

/** Class numbers; −1 where there is none. Empty without labels. */
async function labelsOf({ y }: Batch): Promise<Numbers> {
  if (y === undefined) return [];
  const numbers = tidy(() => cast<Tensor>(y.rank > 1 ? argMax(y, -1) : y, 'int32'));
  const values = await numbers.data();
  if (numbers !== y) numbers.dispose();
  return values;
}

function shareRight(answers: Numbers, labels: Numbers): number | undefined {
  const labelled = Array.from(labels).flatMap((label, i) => (label >= 0 ? [answers[i] === label] : []));
  if (labelled.length === 0) return undefined;
  return labelled.filter(Boolean).length / labelled.length;
}

/**
 * Whether answers go with labels no more than two independent draws would (what Cohen's kappa measures from), give or
 * take three standard deviations. Of one class alone nothing can be told so: there each class counts as likely.
 */
function asIfByChance(accuracy: number, answers: Numbers, labels: Numbers, classes: number): boolean {
  const [answered, labelled] = [new Array<number>(classes).fill(0), new Array<number>(classes).fill(0)];
  for (let i = 0; i < labels.length; i++) {
    const [answer, label] = [answers[i] as number, labels[i] as number];
    if (label < 0) continue;
    answered[answer] = (answered[answer] ?? 0) + 1;
    labelled[label] = (labelled[label] ?? 0) + 1;
  }
  const total = labelled.reduce((sum, count) => sum + count, 0);
  const agreement = labelled.reduce(
    (sum, count, i) => sum + (count / total) * ((answered[i] ?? 0) / total),
    0,
  );
  const chance = labelled.includes(total) ? 1 / classes : agreement;
  const doubt = 3 * Math.sqrt((chance * (1 - chance)) / total);
  return classes > 1 && accuracy <= Math.min(chance + doubt, (1 + chance) / 2);
}

interface Finding {
  readonly answers: Numbers;
  readonly labels: Numbers;
  readonly classes: number;
  readonly accuracy: number;
}

async function explain(source: TeacherSource, batch: Batch, finding: Finding): Promise<string> {
  const { accuracy, labels, answers, classes } = finding;
  const said = `It is right about ${percent(accuracy)} of ${labels.length} samples, as if by chance.`;
  const order = bestOrder(finding);
  if (order.accuracy > enough(accuracy))
    return `${said} Its classes seem to be in another order: with \`classes: [${order.columns.join(', ')}]\` it is right about ${percent(order.accuracy)}.`;
  const remedy = await bestRemedy(source, batch, labels);
  if (remedy !== undefined && remedy.accuracy > enough(accuracy))
    return `${said} With \`preprocess: ${JSON.stringify(remedy.preprocess)}\` it is right about ${percent(remedy.accuracy)}.`;
  const [first] = Array.from(answers);
  const constant = classes > 1 && Array.from(answers).every((answer) => answer === first);
  const hint =
    'Compare the range, layout and channel order of its input and the order of its classes with what it was trained on.';
  return `${said} ${constant ? `It says class ${first} for every sample. ` : ''}${hint}`;
}

/** What makes a remedy worth naming. */
const enough = (accuracy: number): number => Math.min(0.95, Math.max(2 * accuracy, accuracy + 0.2));

/** For each class of the labels the answer that most often goes with it, and how right the teacher is then. */
function bestOrder({ answers, labels, classes }: Finding): { columns: readonly number[]; accuracy: number } {
  const together = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = together[labels[i] ?? -1];
    if (row !== undefined) row[answers[i] ?? 0] = (row[answers[i] ?? 0] ?? 0) + 1;
  }
  const columns = together.map((row) => row.indexOf(Math.max(...row)));
  if (new Set(columns).size < classes) return { columns, accuracy: 0 };
  const translated = Array.from(answers, (answer) => columns.indexOf(answer));
  return { columns, accuracy: shareRight(translated, labels) ?? 0 };
}

async function bestRemedy(source: TeacherSource, batch: Batch, labels: Numbers) {
  const tried: { preprocess: Preprocess; accuracy: number }[] = [];
  for (const preprocess of REMEDIES) {
    try {
      const { answers } = await ask(adaptTeacher(source, { preprocess }), batch);
      tried.push({ preprocess, accuracy: shareRight(answers, labels) ?? 0 });
    } catch {
      // a remedy that does not even run is none
    }
  }
  return tried.sort((a, b) => b.accuracy - a.accuracy)[0];
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
