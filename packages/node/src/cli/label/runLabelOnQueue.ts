import { unknownName } from '@tfjs-distill/core';
import { type EngineName, selectEngine } from '../../engine/index.js';
import { labelOnQueue, type QueueReport } from '../../queue/labelOnQueue.js';
import { planLabelling } from '../../queue/planLabelling.js';
import { INTERRUPTED, onInterrupt } from '../onInterrupt.js';
import { print, printJson } from '../print.js';
import { count, duration } from '../sampleProgress.js';
import { mayStart, required } from './beforeLabelling.js';
import { formOf } from './formOf.js';
import { type LabelFlags } from './LabelFlags.js';
import { queueDisplay } from './queueDisplay.js';
import { readTeacherSpec } from './readTeacherSpec.js';

/** What `distill label --queue` does. */
export async function runLabelOnQueue(flags: LabelFlags): Promise<void> {
  const { teacher, data, out } = required(flags);
  const { split, limit, batchSize, shardSize, queue = '' } = flags;
  if (flags.shard !== undefined)
    throw unknownName('option with --queue', '--shard', ['--shard-size'], { where: 'distill label' });
  await selectEngine({ engine: flags.engine as EngineName | undefined });
  const what = { teacher: await readTeacherSpec(teacher), data, split, limit, form: formOf(flags) };
  const where = { out, endpoint: flags.s3Endpoint };
  const { plan, trial } = await planLabelling({ ...what, ...where, batchSize, shardSize });
  if (!mayStart(flags, out, { trial, header: plan.header, samples: plan.samples })) return;
  const display = queueDisplay(queue);
  const interrupt = onInterrupt(display.say);
  const started = performance.now();
  try {
    const { signal } = interrupt;
    const report = await labelOnQueue(plan, {
      ...{ queue, signal, onProgress: display.update, onNotice: display.say },
      ...{ attempts: flags.attempts, maxQueued: flags.maxQueued },
      ...{ keepShards: flags.keepShards, metricsPort: flags.metricsPort },
    }).finally(() => display.stop());
    if (!report.finished) process.exitCode = INTERRUPTED;
    const seconds = (performance.now() - started) / 1000;
    if (flags.json) printJson({ ...report, seconds, header: plan.header, check: trial.check });
    else print(describe(report, seconds));
  } finally {
    interrupt.off();
  }
}

function describe(report: QueueReport, seconds: number): string {
  const { store, samples, shards, already, finished } = report;
  if (!finished) return 'interrupted: workers go on with what is on the queue; the same command goes on';
  if (already === shards) return `all ${count(samples)} samples are in ${store} already`;
  const before = already === 0 ? '' : `, ${count(already)} of them were there`;
  return `${count(samples)} samples in ${count(shards)} shards${before}, put together in ${store} after ${duration(seconds)}`;
}
