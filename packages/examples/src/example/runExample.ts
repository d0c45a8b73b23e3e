import { DistillError } from '@tfjs-distill/core';
import { type EngineName, selectEngine } from '@tfjs-distill/node';
import { Command } from 'commander';
import { table } from 'table';
import { type ExampleRecord } from './ExampleRecord.js';
import { keepRecord } from './keepRecord.js';
import { tableCells } from './resultsTable.js';
import { tableStyle } from './tableStyle.js';
import { typedCommand } from './typedCommand.js';
import { wholeNumber } from './wholeNumber.js';

/** What every example can be told on its command line. */
export interface ExampleOptions {
  /** The source's own settings, however long they take. */
  readonly full: boolean;
  /** How many seeds, if given. */
  readonly seeds?: number;
  readonly epochs?: number;
  /** Samples to train on, if given. */
  readonly images?: number;
  /** Folder of the data set, if given. */
  readonly data?: string;
  readonly engine?: string;
}

/** What one example can be told besides: a number, or a folder or a file, of which records tell no more than that. */
export interface OwnOption {
  readonly value: 'folder' | 'file' | 'n';
  readonly description: string;
}

/** What an example finds; the rest of its record is known here. */
export type Findings = Pick<ExampleRecord, 'measure' | 'seeds' | 'settings' | 'rows' | 'further' | 'part'>;

export interface Example<Own extends string = never> {
  /** Its folder and its script: `npm run example:NAME`. */
  readonly name: string;
  readonly description: string;
  /** By name: `teacherEpochs` is `--teacher-epochs`. */
  readonly options?: Readonly<Record<Own, OwnOption>>;
  readonly run: (
    options: ExampleOptions & Readonly<Partial<Record<Own, string>>> & { readonly usedEngine: string },
  ) => Promise<Findings>;
}

/** Prints a line for people. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Reads the command line, chooses the engine, runs an example, prints its table; `--record` keeps what it found.
 * A failure is one line on standard error and the exit code 1.
 *
 * @param parameters What was typed. Default: the process's own.
 */
export async function runExample<Own extends string = never>(
  example: Example<Own>,
  parameters: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const { name, run } = example;
  const options = command(example)
    .parse([...parameters], { from: 'user' })
    .opts<Options<Own>>();
  const began = performance.now();
  try {
    const { engine } = await selectEngine({
      engine: options.engine as EngineName | undefined,
      onMessage: say,
    });
    const findings = await run({ ...options, usedEngine: engine });
    const record: ExampleRecord = {
      example: name,
      command: typedCommand(`npm run example:${name}`, parameters, placesOf(example.options)),
      engine,
      node: process.versions.node,
      date: new Date().toISOString(),
      seconds: Math.round((performance.now() - began) / 1000),
      ...findings,
    };
    const tables = [record, ...(record.further ?? [])].map((each) => table(tableCells(each), tableStyle));
    say(`\n${tables.join('')}${record.seconds} s in all.`);
    if (options.record) await keep(record);
    if (options.json) say(JSON.stringify(record));
  } catch (error) {
    if (!(error instanceof DistillError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

type Options<Own extends string> = ExampleOptions &
  Readonly<Partial<Record<Own, string>>> & { readonly json?: true; readonly record?: true };

function command({
  name,
  description,
  options = {},
}: Pick<Example<string>, 'name' | 'description' | 'options'>): Command {
  const shared = new Command(`npm run example:${name} --`)
    .description(description)
    .option('--full', "the source's own settings, however long they take", false)
    .option('--seeds <n>', 'how many seeds', wholeNumber)
    .option('--epochs <n>', 'epochs of every student', wholeNumber)
    .option('--images <n>', 'training images', wholeNumber)
    .option('--data <folder>', 'folder of the data set')
    .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
    .option('--json', 'print the record as one JSON object, as the last line')
    .option('--record', 'keep the record in packages/examples/results, for `npm run examples:table`');
  for (const [option, { value, description }] of Object.entries(options))
    shared.option(`${flag(option)} <${value}>`, description);
  return shared;
}

const flag = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What stands for folders and files in a record. */
function placesOf(own: Readonly<Record<string, OwnOption>> = {}): Record<string, string> {
  const named = Object.entries(own).filter(([, { value }]) => value !== 'n');
  return {
    '--data': 'FOLDER',
    ...Object.fromEntries(named.map(([option, { value }]) => [flag(option), value.toUpperCase()])),
  };
}

async function keep(record: ExampleRecord): Promise<void> {
  say(`Kept in ${await keepRecord(record)}. \`npm run examples:table\` writes it into the READMEs.`);
}
