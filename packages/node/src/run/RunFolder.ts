import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { stringify } from 'yaml';
import writeFileAtomic from 'write-file-atomic';
import { configDifferences } from './config/configDifferences.js';
import { type RunRecord, type TrainingRecord } from './RunRecord.js';
import { WorkClock } from './WorkClock.js';

/** What a run began with: `start.json`. A run that goes on must begin with the same. */
export interface RunStart {
  readonly config: Readonly<Record<string, unknown>>;
  /** Of the data. */
  readonly fingerprint: string;
  readonly started: string;
}

type Training = Pick<TrainingRecord, 'network' | 'seed'>;

const START = 'start.json';
const RECORD = 'run.json';
const TRAINING = 'training.json';
const CLOCK = 'seconds.txt';

/** A run's folder: what it began with, each training, and in the end the record and the report. */
export class RunFolder {
  constructor(readonly path: string) {}

  /**
   * Begins a run, or goes on with it.
   *
   * @param how `new` wants a folder without a run; `resume` the same configuration and data; `force` replaces what is there.
   * @returns When the run began.
   * @throws DistillError `DATA` if there is a run already, it began otherwise, or the folder cannot be written.
   */
  async begin(start: RunStart, how: 'new' | 'resume' | 'force'): Promise<RunStart> {
    const found = await this.#readJson<RunStart>(START);
    if (found !== undefined && how === 'new')
      throw new DistillError('DATA', 'This folder holds a run already.', {
        where: this.path,
        hint: '--resume goes on with it, --force replaces it, --output takes another folder.',
      });
    if (found !== undefined && how === 'resume') {
      assertSame(found, start, this.path);
      return found;
    }
    if (found !== undefined) await this.#clear();
    await this.#write(START, json(start));
    await this.#write('config.yaml', stringify(start.config));
    return start;
  }

  /** The time that the run has taken so far, or one of its trainings. */
  clock(training?: Training): Promise<WorkClock> {
    return WorkClock.open(join(training ? this.folderOf(training) : this.path, CLOCK));
  }

  /** The finished run's record, if it is finished. */
  record(): Promise<RunRecord | undefined> {
    return this.#readJson(RECORD);
  }

  writeRecord(record: RunRecord): Promise<void> {
    return this.#write(RECORD, json(record));
  }

  /** The folder of one training: its model, its checkpoints, its record. */
  folderOf({ network, seed }: Training): string {
    return join(this.path, `${network}-${seed}`);
  }

  training(training: Training): Promise<TrainingRecord | undefined> {
    return this.#readJson(join(`${training.network}-${training.seed}`, TRAINING));
  }

  writeTraining(record: TrainingRecord): Promise<void> {
    return this.#write(join(`${record.network}-${record.seed}`, TRAINING), json(record));
  }

  async #readJson<T>(name: string): Promise<T | undefined> {
    const file = join(this.path, name);
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw new DistillError('DATA', `It cannot be read: ${messageOf(cause)}.`, { where: file, cause });
    });
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new DistillError('DATA', 'This is no JSON.', {
        where: file,
        hint: 'Start anew with --force.',
        cause,
      });
    }
  }

  async #write(name: string, text: string): Promise<void> {
    const file = join(this.path, name);
    try {
      await mkdir(join(file, '..'), { recursive: true });
      await writeFileAtomic(file, text);
    } catch (cause) {
      throw new DistillError('DATA', `It cannot be written: ${messageOf(cause)}.`, { where: file, cause });
    }
  }

  /** Removes what a run wrote, and nothing else that may lie there. */
  async #clear(): Promise<void> {
    const own =
      /^(start\.json|run\.json|seconds\.txt|config\.yaml|report\.html|student|(alone|distilled)-\d+)$/;
    const names = (await readdir(this.path)).filter((name) => own.test(name));
    await Promise.all(names.map((name) => rm(join(this.path, name), { recursive: true })));
  }
}

function assertSame(found: RunStart, start: RunStart, where: string): void {
  const differences = configDifferences(found.config, start.config);
  const { fingerprint } = start;
  if (found.fingerprint !== fingerprint) differences.push(`the data: ${found.fingerprint} → ${fingerprint}`);
  if (differences.length === 0) return;
  throw new DistillError('OPTION', `The run in this folder began otherwise: ${differences.join('; ')}.`, {
    where,
    hint: 'Set it as it was, or start anew with --force or another --output.',
  });
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
