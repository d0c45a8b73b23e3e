import { DistillError } from '@tfjs-distill/core';
import { compiledTeacher } from '../compiled/compiledTeacher.js';
import { type Samples } from '../data/Dataset.js';
import { type DatasetSpec } from '../data/datasetSpec.js';
import { openDataset } from '../data/openDataset.js';
import { type OpenedTeacher, openTeacher } from '../teachers/openTeacher.js';
import { type TeacherSpec } from '../teachers/teacherSpec.js';
import { type LabellingPlan, planId } from './LabellingPlan.js';
import { openPlace } from './place/openPlace.js';
import { placeAddress } from './place/placeAddress.js';
import { type ShardPlace } from './place/ShardPlace.js';

/** All that a shard is labelled with. */
export interface OpenedLabelling {
  readonly id: string;
  readonly plan: LabellingPlan;
  readonly teacher: OpenedTeacher;
  readonly samples: Samples;
  readonly place: ShardPlace;
}

/** Where things are on a worker's machine, if not where they are on the other. */
export interface LocalPlaces {
  readonly teacher?: string | TeacherSpec | undefined;
  readonly data?: string | DatasetSpec | undefined;
  readonly out?: string | undefined;
  readonly endpoint?: string | undefined;
}

interface Entry {
  readonly opened: Promise<OpenedLabelling>;
  users: number;
}

/** Teachers and data sets that a worker has open: those in use, and the latest. */
export class OpenedLabellings {
  readonly #entries = new Map<string, Entry>();
  readonly #here: LocalPlaces;

  constructor(here: LocalPlaces) {
    this.#here = here;
  }

  /** @throws DistillError if teacher or data set can't be opened here, or are not those of the labelling. */
  async open(plan: LabellingPlan): Promise<OpenedLabelling> {
    const id = planId(plan);
    const entry = this.#entries.get(id) ?? { opened: openLabelling(id, plan, this.#here), users: 0 };
    entry.users += 1;
    this.#entries.delete(id);
    this.#entries.set(id, entry); // the latest is last
    try {
      return await entry.opened;
    } catch (error) {
      this.#entries.delete(id);
      throw error;
    }
  }

  /** To be called once for each `open`. */
  release({ id }: OpenedLabelling): void {
    const entry = this.#entries.get(id);
    if (entry) entry.users -= 1;
    const old = [...this.#entries].slice(0, -1).filter(([, { users }]) => users === 0);
    for (const [name, { opened }] of old) {
      this.#entries.delete(name);
      void opened.then(({ teacher }) => teacher.dispose?.());
    }
  }

  async dispose(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { opened } of entries) (await opened).teacher.dispose?.();
  }
}

async function openLabelling(id: string, plan: LabellingPlan, here: LocalPlaces): Promise<OpenedLabelling> {
  const { header, split, samples } = plan;
  const address = placeAddress(here.out ?? plan.out, here.endpoint ?? plan.endpoint);
  const place = await openPlace(address, id);
  if (!(await place.announced())) throw elsewhere(place);
  const dataset = await openDataset(here.data ?? plan.data);
  if (dataset.fingerprint !== header.dataset || dataset[split].shape[0] < samples)
    throw another('data set', header.dataset, dataset.fingerprint, '--data');
  const teacher = compiledTeacher(await openTeacher(here.teacher ?? plan.teacher));
  if (teacher.fingerprint !== header.teacher) {
    teacher.dispose?.();
    throw another('teacher', header.teacher, teacher.fingerprint, '--teacher');
  }
  return { id, plan, teacher, samples: dataset[split], place };
}

function another(what: string, wanted: string, found: string, flag: string): DistillError {
  return new DistillError(
    'DATA',
    `The ${what} here is another one than the labelling's: expected ${wanted}, found ${found}.`,
    { hint: `Say where the right one is: ${flag}.` },
  );
}

function elsewhere({ name }: ShardPlace): DistillError {
  return new DistillError('DATA', `The labelling is not known at ${name}, as it is seen from here.`, {
    hint: 'All machines must see the same place; say what it is called here: --out.',
  });
}
