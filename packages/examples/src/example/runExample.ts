import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DistillError } from '@tfjs-distill/core';
import { type EngineName, selectEngine } from '@tfjs-distill/node';
import { Command, InvalidArgumentError } from 'commander';
import { getBorderCharacters, table } from 'table';
import { type ExampleRecord } from './ExampleRecord.js';
import { tableCells } from './resultsTable.js';

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), '../../results');

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

/** What an example finds; the rest of its record is known here. */
export type Findings = Pick<ExampleRecord, 'measure' | 'seeds' | 'settings' | 'rows'>;

export interface Example {
  /** Its folder and its script: `npm run example:NAME`. */
  readonly name: string;
  readonly description: string;
  readonly run: (options: ExampleOptions & { readonly usedEngine: string }) => Promise<Findings>;
}

/** Prints a line for people. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Reads the command line, chooses the engine, runs an example, prints its table; `--record` keeps what it found.
 * A failure is one line on standard error and the exit code 1.
 */
export async function runExample({ name, description, run }: Example): Promise<void> {
  const parameters = process.argv.slice(2);
  const options = command(name, description).parse(parameters, { from: 'user' }).opts<Options>();
  const began = performance.now();
  try {
    const { engine } = await selectEngine({
      engine: options.engine as EngineName | undefined,
      onMessage: say,
    });
    const findings = await run({ ...options, usedEngine: engine });
    const record: ExampleRecord = {
      example: name,
      command: [
        `npm run example:${name}`,
        ...(parameters.length > 0 ? ['--'] : []),
        ...typed(parameters),
      ].join(' '),
      engine,
      node: process.versions.node,
      date: new Date().toISOString(),
      seconds: Math.round((performance.now() - began) / 1000),
      ...findings,
    };
    const style = { border: getBorderCharacters('norc'), drawHorizontalLine: onlyAround };
    say(`\n${table(tableCells(record), style)}${record.seconds} s in all.`);
    if (options.json) say(JSON.stringify(record));
    if (options.record) await keep(record);
  } catch (error) {
    if (!(error instanceof DistillError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

interface Options extends ExampleOptions {
  readonly json?: true;
  readonly record?: true;
}

function command(name: string, description: string): Command {
  return new Command(`npm run example:${name} --`)
    .description(description)
    .option('--full', "the source's own settings, however long they take", false)
    .option('--seeds <n>', 'how many seeds', wholeNumber)
    .option('--epochs <n>', 'epochs of every student', wholeNumber)
    .option('--images <n>', 'training images', wholeNumber)
    .option('--data <folder>', 'folder of the data set')
    .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
    .option('--json', 'print the record as one JSON object, as the last line')
    .option('--record', 'keep the record in packages/examples/results, for `npm run examples:table`');
}

/** Folders are of this machine and no one else's. */
function typed(parameters: readonly string[]): string[] {
  return parameters.flatMap((word, i) => {
    if (word === '--record' || word === '--json') return [];
    if (word.startsWith('--data=')) return ['--data=FOLDER'];
    return [parameters[i - 1] === '--data' ? 'FOLDER' : word];
  });
}

async function keep(record: ExampleRecord): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const path = join(RESULTS, `${record.example}.json`);
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
  say(`Kept in ${path}. \`npm run examples:table\` writes it into the READMEs.`);
}

/** Lines above, below and under the heads. */
function onlyAround(line: number, rows: number): boolean {
  return line < 2 || line === rows;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(text);
}
