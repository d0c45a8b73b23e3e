import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { type QueueProgress } from '../../queue/QueueProgress.js';
import { type WorkerReport } from '../../queue/WorkerReport.js';
import { count, duration } from '../sampleProgress.js';

/** A labelling and all its workers: bars in a terminal, now and then a line elsewhere. */
export interface QueueDisplay {
  readonly update: (progress: QueueProgress) => void;
  /** A line that stays. */
  readonly say: (line: string) => void;
  readonly stop: () => void;
}

/** Milliseconds between lines where there is no terminal. */
const LINE_EVERY = 10_000;
/** Milliseconds without a worker before that is said. */
const PATIENCE = 5000;
/** Workers with a bar of their own; of the others only the sum is seen. */
const BARS = 16;

/** @param queue Its address: said where no worker comes. */
export function queueDisplay(queue: string, stream: NodeJS.WriteStream = process.stderr): QueueDisplay {
  const display = stream.isTTY ? bars(stream) : lines(stream);
  const started = performance.now();
  let asked = false;
  return {
    ...display,
    update: (progress) => {
      display.update(progress);
      if (asked || progress.workers.length > 0 || performance.now() - started < PATIENCE) return;
      asked = true;
      display.say(`No worker is there. Start some, here or elsewhere: npx distill worker --queue ${queue}`);
    },
  };
}

/** The labelling in one line. */
export function describeProgress({ samples, rows, rowsPerSecond, ...rest }: QueueProgress): string {
  const left = duration((samples - rows) / rowsPerSecond);
  return `${count(rows)} of ${count(samples)} samples, ${count(rowsPerSecond)}/s, ${left} left; ${describeShards(rest)}`;
}

function describeShards({
  shards,
  retries,
  workers,
}: Omit<QueueProgress, 'samples' | 'rows' | 'rowsPerSecond'>): string {
  const { done, active, waiting, failed } = shards;
  const bad = [failed > 0 && `${failed} failed`, retries > 0 && `${retries} begun again`].filter(Boolean);
  return [
    `${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}`,
    `shards: ${done} done`,
    `${active} active`,
    `${waiting} waiting`,
    ...bad,
  ].join(', ');
}

function lines(stream: NodeJS.WritableStream): QueueDisplay {
  let last = performance.now();
  return {
    update: (progress) => {
      if (performance.now() - last < LINE_EVERY) return;
      last = performance.now();
      stream.write(`${describeProgress(progress)}\n`);
    },
    say: (line) => void stream.write(`${line}\n`),
    stop: () => undefined,
  };
}

const TOTAL = '{bar} {percentage}% | {value}/{total} samples | {rate}/s | {left} left';
const WORKER = '{bar} {name} | {task} | {rate}/s';

function bars(stream: NodeJS.WriteStream): QueueDisplay {
  const multi = new MultiBar(
    { stream, clearOnComplete: true, hideCursor: true, barsize: 24 },
    Presets.shades_classic,
  );
  const total = multi.create(1, 0, { rate: '?', left: '?' }, { format: TOTAL, barsize: 40 });
  const states = multi.create(1, 0, { shards: '' }, { format: '{shards}' });
  const workers = new Map<string, SingleBar>();
  return {
    update: (progress) => {
      const { samples, rows, rowsPerSecond } = progress;
      total.setTotal(samples);
      const left = duration((samples - rows) / rowsPerSecond);
      total.update(rows, { rate: count(rowsPerSecond), left });
      states.update({ shards: describeShards(progress) });
      showWorkers(multi, workers, progress.workers.slice(0, BARS));
    },
    say: (line) => multi.log(`${line}\n`),
    stop: () => multi.stop(),
  };
}

/** One bar a worker: how far it is in its shards. */
function showWorkers(multi: MultiBar, shown: Map<string, SingleBar>, workers: readonly WorkerReport[]): void {
  for (const [id, bar] of shown) {
    if (workers.some((worker) => worker.id === id)) continue;
    multi.remove(bar);
    shown.delete(id);
  }
  for (const { id, host, pid, active, rowsPerSecond } of workers) {
    const task = active.length === 0 ? 'waits' : `shard ${active.map(({ shard }) => shard).join(', ')}`;
    const facts = { name: `${host}:${pid}`, task, rate: count(rowsPerSecond) };
    const bar = shown.get(id) ?? multi.create(1, 0, facts, { format: WORKER });
    shown.set(id, bar);
    bar.setTotal(
      Math.max(
        1,
        active.reduce((sum, { samples }) => sum + samples, 0),
      ),
    );
    bar.update(
      active.reduce((sum, { rows }) => sum + rows, 0),
      facts,
    );
  }
}
