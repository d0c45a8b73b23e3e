import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { type Batch } from '../Batch.js';
import { DistillError, expected, shapeMismatch, unknownName } from '../errors.js';
import { classCount, type ModelSignature, type Shape } from '../models/ModelSignature.js';
import { asTeacherSource, type TeacherLike } from './asTeacherSource.js';
import {
  averageLogits,
  averageProbabilities,
  mostConfident,
  type WeightedLogits,
} from './combineTeachers.js';
import { type TeacherEntry } from './TeacherEntry.js';
import { outputTensors, type TeacherOutputs, type TeacherSource } from './TeacherSource.js';

/** A teacher, what it needs converted, and its weight among the others. */
export interface WeightedTeacher extends TeacherEntry {
  /** Above 0; only its ratio to the others' counts. Default 1. */
  readonly weight?: number | undefined;
}

/** How several teachers become one. */
export const COMBINATIONS = ['probabilities', 'logits', 'perTeacherLoss', 'confidence'] as const;
export type Combination = (typeof COMBINATIONS)[number];

export interface EnsembleOptions {
  /**
   * `probabilities` (default): mean of the distributions. `logits`: mean of the logits. `confidence`: for each sample
   * the surest teacher alone. `perTeacherLoss`: criteria on logits run once per teacher, their losses are averaged.
   */
  readonly combine?: Combination | undefined;
  /** Where the mean of `probabilities` is taken: the criterion's temperature makes it exact there. Default 1. */
  readonly temperature?: number | undefined;
}

const where = 'ensemble';

/**
 * Several teachers as one.
 *
 * A layer of a teacher is tapped as `teacher/layer`, and a teacher's own logits as a feature of its name.
 *
 * @param teachers Models, functions or sources, each live or stored, with weight, conversions, own view. A source that
 *   is given is taken over.
 * @returns Source that asks all of them at once.
 * @throws DistillError if names repeat, a weight is not above 0, or class counts differ.
 *
 * @example
 * ensemble([{ source: big, weight: 2 }, { source: stored }], { combine: 'perTeacherLoss' });
 */
export function ensemble(
  teachers: readonly (TeacherLike | WeightedTeacher)[],
  { combine = 'probabilities', temperature = 1 }: EnsembleOptions = {},
): TeacherSource {
  if (!COMBINATIONS.includes(combine)) throw unknownName('combination', combine, COMBINATIONS, { where });
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw expected('temperature', 'a number above 0', temperature, { where });
  const members = membersOf(teachers);
  return {
    name: members.map(({ source }) => source.name).join('+'),
    signature: jointSignature(members),
    ...(combine === 'perTeacherLoss' && {
      members: members.map(({ source, weight }) => ({ name: source.name, weight })),
    }),
    outputs: async (batch, taps = []) =>
      together(members, await askAll(members, batch, taps), combine, temperature),
    prefetch: (batch, taps = []) =>
      members.forEach(({ source }) => source.prefetch?.(batch, tapsOf(source.name, taps, members))),
    dispose: () => members.forEach(({ source }) => source.dispose?.()),
  };
}

interface Member {
  readonly source: TeacherSource;
  /** Share: all sum to 1. */
  readonly weight: number;
}

function membersOf(teachers: readonly (TeacherLike | WeightedTeacher)[]): readonly Member[] {
  if (!Array.isArray(teachers) || teachers.length === 0)
    throw expected('teachers', 'a list of at least one teacher', teachers, { where });
  const weights = teachers.map((teacher, i) => {
    const { weight = 1 } = teacher as Partial<WeightedTeacher>;
    if (weight > 0 && Number.isFinite(weight)) return weight;
    throw expected(`teachers[${i}].weight`, 'a number above 0', weight, { where });
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const members = teachers.map((teacher: TeacherLike | WeightedTeacher, i) => ({
    source: asTeacherSource(teacher),
    weight: (weights[i] as number) / total,
  }));
  checkMembers(members);
  return members;
}

function checkMembers(members: readonly Member[]): void {
  const names = members.map(({ source }) => source.name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined)
    throw new DistillError('OPTION', `Two teachers are called "${repeated}".`, {
      where,
      hint: 'Give each a `name` of its own.',
    });
  const counts = members.flatMap(({ source }) => classCount(source.signature) ?? []);
  if (new Set(counts).size > 1)
    throw shapeMismatch(
      'teachers of the same classes',
      Object.fromEntries(members.map(({ source }) => [source.name, source.signature.output ?? []])),
      { where, hint: "Say by `classes` which of its outputs are the student's classes." },
    );
}

/** Asks all at once; if one fails, what the others said is freed. */
async function askAll(
  members: readonly Member[],
  batch: Batch,
  taps: readonly string[],
): Promise<readonly TeacherOutputs[]> {
  const asked = members.map(async ({ source }) => source.outputs(batch, tapsOf(source.name, taps, members)));
  const answers = await Promise.allSettled(asked);
  const failed = answers.find((answer) => answer.status === 'rejected');
  const said = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (failed === undefined) return said;
  dispose(said.flatMap(outputTensors));
  throw failed.reason;
}

/** The layers among `teacher/layer` names that are this teacher's. */
function tapsOf(name: string, taps: readonly string[], members: readonly Member[]): readonly string[] {
  const names = members.map(({ source }) => source.name);
  return taps.flatMap((tap) => {
    const owner = names.find((candidate) => tap === candidate || tap.startsWith(`${candidate}/`));
    if (owner === undefined)
      throw unknownName('teacher feature', tap, names, {
        where,
        hint: `Name it as \`teacher/layer\`; the teachers are ${names.join(', ')}.`,
      });
    return owner === name && tap !== name ? [tap.slice(name.length + 1)] : [];
  });
}

function together(
  members: readonly Member[],
  said: readonly TeacherOutputs[],
  combine: Combination,
  temperature: number,
): TeacherOutputs {
  try {
    const weighted = members.map(({ weight }, i) => ({ logits: (said[i] as TeacherOutputs).logits, weight }));
    checkShapes(members, said);
    const logits = combined(weighted, combine, temperature);
    const features = said.flatMap(({ logits: own, features: tapped }, i) => {
      const { name } = (members[i] as Member).source;
      return [
        [name, own] as const,
        ...Object.entries(tapped).map(([tap, x]) => [`${name}/${tap}`, x] as const),
      ];
    });
    dispose(said.flatMap(({ top }) => (top ? [top.indices, top.logProbs] : []))); // one teacher's, not theirs
    return { logits, features: Object.fromEntries(features) };
  } catch (error) {
    dispose(said.flatMap(outputTensors));
    throw error;
  }
}

function combined(teachers: readonly WeightedLogits[], combine: Combination, temperature: number): Tensor {
  if (combine === 'logits') return averageLogits(teachers);
  return combine === 'confidence' ? mostConfident(teachers) : averageProbabilities(teachers, temperature);
}

function checkShapes(members: readonly Member[], said: readonly TeacherOutputs[]): void {
  if (new Set(said.map(({ logits }) => logits.shape.join())).size === 1) return;
  throw shapeMismatch(
    'teacher outputs of one shape',
    Object.fromEntries(members.map(({ source }, i) => [source.name, said[i]?.logits.shape ?? []])),
    { where },
  );
}

/** What can be tapped is known only where it is known of every teacher. */
function jointSignature(members: readonly Member[]): ModelSignature {
  const output = members.map(({ source }) => source.signature.output).find((shape) => shape !== undefined);
  const known = members.every(({ source }) => source.signature.features !== undefined);
  return { ...(output && { output }), ...(known && { features: jointFeatures(members) }) };
}

function jointFeatures(members: readonly Member[]): Record<string, Shape> {
  const entries = members.flatMap(({ source: { name, signature } }) => [
    ...(signature.output ? [[name, signature.output] as const] : []),
    ...Object.entries(signature.features ?? {}).map(([tap, shape]) => [`${name}/${tap}`, shape] as const),
  ]);
  return Object.fromEntries(entries);
}
