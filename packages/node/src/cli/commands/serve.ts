import { Command } from 'commander';
import { type EngineName } from '../../engine/engine.js';
import { aborted } from '../../io/aborted.js';
import { portNumber, positiveNumber, wholeNumber } from '../numbers.js';
import { onInterrupt } from '../onInterrupt.js';
import { print, printJson } from '../print.js';

interface ServeFlags {
  readonly teacher: string;
  readonly host: string;
  readonly port: number;
  readonly batchSize: number;
  readonly window?: number;
  readonly concurrency: number;
  readonly engine?: string;
  readonly json?: boolean;
}

/** `distill serve`: one teacher behind an address, for many students. */
export const serve = (): Command =>
  new Command('serve')
    .description(
      'answer for a teacher over HTTP (Open Inference Protocol v2); merges small requests into batches',
    )
    .requiredOption(
      '--teacher <model>',
      'path or address of the model, or a YAML or JSON file { model, preprocess, … }',
    )
    .option('--host <address>', 'where to listen; 0.0.0.0 for other machines', '127.0.0.1')
    .option('--port <number>', 'where to listen', portNumber, 8080)
    .option('--batch-size <count>', 'most samples that the teacher is asked about at once', wholeNumber, 32)
    .option('--window <ms>', 'how long a smaller request waits for others to go along', positiveNumber)
    .option(
      '--concurrency <count>',
      'batches under way at once; more than 1 for a teacher on a server',
      wholeNumber,
      1,
    )
    .option('--engine <name>', 'engine that a TensorFlow.js model or SavedModel runs on')
    .option('--json', 'print the address as JSON')
    .action(async (flags: ServeFlags) => serveUntilStopped(flags));

async function serveUntilStopped({ engine, teacher: spec, json, ...options }: ServeFlags): Promise<void> {
  const { selectEngine } = await import('../../engine/selectEngine.js');
  const { openTeacher } = await import('../../teachers/openTeacher.js');
  const { readTeacherSpec } = await import('../label/readTeacherSpec.js');
  const { compiledTeacher } = await import('../../compiled/compiledTeacher.js');
  const { serveTeacher } = await import('../../serve/serveTeacher.js');
  await selectEngine({ engine: engine as EngineName | undefined });
  const opened = await openTeacher(await readTeacherSpec(spec));
  const teacher = compiledTeacher(opened);
  const interrupt = onInterrupt(() => undefined);
  try {
    const server = await serveTeacher(teacher, { ...options, version: opened.fingerprint });
    if (json) printJson({ url: server.url });
    else print(`${server.url}: Ctrl-C ends it.`);
    await aborted(interrupt.signal);
    await server.close();
  } finally {
    interrupt.off();
    teacher.dispose?.();
  }
}
