import { resolve } from 'node:path';
import { ensemble, rememberingTeacher, type TeacherSource } from '@tfjs-distill/core';
import { type Dataset } from '../data/Dataset.js';
import { type EvaluatedModel } from '../evaluation/Subject.js';
import { openModel } from '../models/openModel.js';
import { type OpenedTeacher, openTeacher } from '../teachers/openTeacher.js';
import { type RunConfig } from './config/runSchema.js';
import { storedAnswers } from './storedAnswers.js';
import { labelled, type LabelledOptions } from './labelled.js';

/** The teachers of a run, opened, not asked yet. */
export interface OpenTeachers {
  /** All of them as one. */
  readonly source: TeacherSource;
  /** Whether test samples can be asked about. */
  readonly hasTest: boolean;
  /** Asks those that are models about every sample, and answers from disk from then on. */
  label(taps: readonly string[], options: LabelledOptions): Promise<void>;
  dispose(): void;
}

export interface OpenTeachersOptions {
  readonly dataset: Dataset;
  readonly base: string;
  readonly combine: RunConfig['combine'];
}

type TeacherConfig = NonNullable<RunConfig['teacher']>;
type OneTeacher = Exclude<TeacherConfig, readonly unknown[]>;

interface Member {
  source: TeacherSource | OpenedTeacher;
  readonly weight: number | undefined;
  readonly hasTest: boolean;
}

/**
 * Opens what a configuration calls the teacher.
 *
 * @throws DistillError as `openTeacher` and `openTeacherStore`; `DATA` for a store of another data set.
 */
export async function openTeachers(
  config: TeacherConfig,
  { dataset, base, combine }: OpenTeachersOptions,
): Promise<OpenTeachers> {
  const members: Member[] = [];
  const dispose = () => members.forEach(({ source }) => source.dispose?.());
  try {
    for (const one of listOf(config)) members.push(await memberOf(one, dataset, base));
    let source = together(members, combine);
    return {
      get source() {
        return source;
      },
      hasTest: members.every(({ hasTest }) => hasTest),
      async label(taps, options) {
        for (const member of members)
          if ('fingerprint' in member.source)
            member.source = await labelled(member.source, ownTaps(taps, member, members), options);
        source = together(members, combine);
      },
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

const listOf = (config: TeacherConfig): OneTeacher[] => [config].flat();

function together(members: readonly Member[], combine: RunConfig['combine']): TeacherSource {
  const [only, second] = members;
  if (only !== undefined && second === undefined) return only.source;
  return ensemble(
    members.map(({ source, weight }) => ({ source, weight })),
    { combine },
  );
}

/** Of several teachers' layers, `name/layer`, those that are this one's, by their own names. */
function ownTaps(
  taps: readonly string[],
  { source }: Member,
  { length }: readonly Member[],
): readonly string[] {
  const prefix = `${source.name}/`;
  if (length === 1) return taps;
  return taps.flatMap((tap) => (tap.startsWith(prefix) ? [tap.slice(prefix.length)] : []));
}

async function memberOf(config: OneTeacher, dataset: Dataset, base: string): Promise<Member> {
  if (typeof config !== 'string' && 'store' in config) {
    const { source, has } = await storedAnswers(resolve(base, config.store), dataset);
    return { source, weight: config.weight, hasTest: has(dataset.test.ids) };
  }
  const { weight = undefined, ...spec } = typeof config === 'string' ? { model: config } : config;
  return { source: await openTeacher(spec, base), weight, hasTest: true };
}

/** The teacher of a run, be it of one model or of several. */
export interface RunTeacher {
  /** What the students learn from. */
  readonly source: TeacherSource;
  /** What agreement is measured against; it remembers its answers. `undefined` where test samples are not stored. */
  readonly reference: TeacherSource | undefined;
  /** What is evaluated: the model itself where there is one, so that its size and speed are known. */
  readonly subject: EvaluatedModel | undefined;
  dispose(): void;
}

/** @param opened Labelled, if that is wanted. Stays the caller's. */
export async function runTeacher(
  { source, hasTest }: OpenTeachers,
  config: TeacherConfig,
  base: string,
): Promise<RunTeacher> {
  const [only, second] = listOf(config);
  const subject = only !== undefined && second === undefined ? await modelOf(only, base) : undefined;
  const kept = { ...source, dispose: () => undefined };
  const reference = hasTest ? rememberingTeacher(kept) : undefined;
  return {
    source,
    reference,
    subject: subject ?? reference,
    dispose: () => {
      subject?.dispose();
      reference?.dispose?.();
    },
  };
}

/** The model behind a teacher that is one of TensorFlow.js and needs no conversion. */
async function modelOf(config: OneTeacher, base: string) {
  const path = typeof config === 'string' ? config : 'model' in config ? config.model : undefined;
  const plain =
    typeof config === 'string' || Object.keys(config).every((key) => key === 'model' || key === 'name');
  if (path === undefined || !plain || /^\w+:\/\//.test(path)) return undefined;
  return openModel(resolve(base, path)).catch(() => undefined); // of another kind: judged as a source
}
