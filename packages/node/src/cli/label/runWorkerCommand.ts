import { type EngineName, selectEngine } from '../../engine/index.js';
import { runWorker } from '../../queue/runWorker.js';
import { onInterrupt } from '../onInterrupt.js';
import { print } from '../print.js';
import { count } from '../sampleProgress.js';
import { readTeacherSpec } from './readTeacherSpec.js';

/** What `distill worker` was told. */
export interface WorkerFlags {
  readonly queue: string;
  readonly teacher?: string;
  readonly data?: string;
  readonly out?: string;
  readonly s3Endpoint?: string;
  readonly engine?: string;
  readonly concurrency?: number;
  readonly lockDuration?: number;
  readonly maxStalls?: number;
  readonly idle?: number;
  readonly metricsPort?: number;
}

/** What `distill worker` does. */
export async function runWorkerCommand(flags: WorkerFlags): Promise<void> {
  await selectEngine({ engine: flags.engine as EngineName | undefined });
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const interrupt = onInterrupt(say);
  try {
    const { shards, rows } = await runWorker({
      ...{ queue: flags.queue, data: flags.data, out: flags.out, endpoint: flags.s3Endpoint },
      teacher: flags.teacher === undefined ? undefined : await readTeacherSpec(flags.teacher),
      concurrency: flags.concurrency,
      lockSeconds: flags.lockDuration,
      maxStalls: flags.maxStalls,
      idleSeconds: flags.idle,
      metricsPort: flags.metricsPort,
      signal: interrupt.signal,
      onNotice: say,
    });
    print(`${count(rows)} samples in ${count(shards)} shards labelled here`);
  } finally {
    interrupt.off();
  }
}
