/**
 * A store of one million samples × 1,000 classes, the top 16 of each: size, speed and memory.
 *
 *   npm run bench -- store [--samples 1000000] [--folder DIR] [--memory-mib 256]
 *
 * Every sample has logits of its own: one of 4,096 rows of noise, shifted by the sample's number. Writing counts from
 * dense logits to the closed store. Reading is in shuffled batches of 128, each announced a batch ahead as `fit` does,
 * decoded to dense logits: once with all shards in memory, once with none. A training step of the CPU's smallest
 * student takes about 6 ms for 32 samples (docs/engines.md), 5,300 samples a second.
 * Ends with `bytes B write W read R1 R2 peak P`: bytes per sample; samples per second written, read from memory and
 * read from disk; peak memory of the process in MiB while reading from disk.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dispose } from '@tensorflow/tfjs-core';
import {
  outputTensors,
  shuffledIndices,
  storeHeader,
  type TeacherStore,
  type TopOutputs,
} from '@tfjs-distill/core';
import { createTeacherStore, openTeacherStore, selectEngine } from '@tfjs-distill/node';

const { values: args } = parseArgs({
  options: {
    samples: { type: 'string', default: '1000000' },
    folder: { type: 'string' },
    'memory-mib': { type: 'string', default: '256' },
    engine: { type: 'string', default: 'wasm' },
  },
});
const SAMPLES = Number(args.samples);
const [CLASSES, TOP, BLOCK, BATCH] = [1000, 16, 1000, 128];
const STEP_CONSUMES = 5300;
const header = storeHeader({
  kind: 'topK',
  k: TOP,
  dtype: 'float16',
  classes: CLASSES,
  temperature: 4,
  teacher: 'noise',
  dataset: 'numbers',
});

const noise = Float32Array.from(
  { length: 4096 + CLASSES },
  () => 3 * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(6.283185 * Math.random()),
);

/** The logits of consecutive samples; each is a window of the noise with one class made likely. */
function logitsOf(first: number, count: number): Float32Array {
  const logits = new Float32Array(count * CLASSES);
  for (let i = 0; i < count; i++) {
    const id = first + i;
    logits.set(noise.subarray(id % 4096, (id % 4096) + CLASSES), i * CLASSES);
    logits[i * CLASSES + ((id * 7919) % CLASSES)] = 15 + (id % 1000) / 100;
  }
  return logits;
}

async function write(folder: string): Promise<number> {
  const writer = await createTeacherStore(folder, header);
  const start = performance.now();
  let making = 0; // of the synthetic logits: not the store's time
  for (let first = 0; first < SAMPLES; first += BLOCK) {
    const count = Math.min(BLOCK, SAMPLES - first);
    const began = performance.now();
    const rows = {
      ids: Int32Array.from({ length: count }, (_, i) => first + i),
      logits: logitsOf(first, count),
    };
    making += performance.now() - began;
    await writer.append(rows);
  }
  await writer.close();
  return (1000 * SAMPLES) / (performance.now() - start - making);
}

/** Samples per second, and per second of one core: other work on the machine takes of the first alone. */
interface Rate {
  readonly perSecond: number;
  readonly perCoreSecond: number;
}

/** Samples per second in shuffled batches; every hundredth batch is compared with what was stored. */
async function read(store: TeacherStore, batches: number): Promise<Rate> {
  const order = shuffledIndices(SAMPLES, 1, 0);
  const batchAt = (i: number) =>
    order.slice((i * BATCH) % (SAMPLES - BATCH), ((i * BATCH) % (SAMPLES - BATCH)) + BATCH);
  let [spent, core, next] = [0, 0, batchAt(0)];
  for (let i = 0; i < batches; i++) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const ids = next;
    next = batchAt(i + 1);
    store.prefetch?.(next);
    const outputs = await store.rows(ids);
    spent += performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    core += (user + system) / 1000;
    if (i % 100 === 0) await expectLikeliest(outputs.top, ids);
    dispose(outputTensors(outputs));
  }
  return { perSecond: (1000 * batches * BATCH) / spent, perCoreSecond: (1000 * batches * BATCH) / core };
}

async function expectLikeliest(top: TopOutputs | undefined, ids: Int32Array): Promise<void> {
  const classes = await top?.indices.data();
  const wrong = ids.findIndex((id, i) => classes?.[i * TOP] !== (id * 7919) % CLASSES);
  if (wrong >= 0) throw new Error(`Sample ${ids[wrong]} has another sample's row.`);
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/** Highest resident memory while something runs. */
async function peakOf<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly peak: number }> {
  let peak = process.memoryUsage.rss();
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const result = await work();
  clearInterval(timer);
  return { result, peak: Math.max(peak, process.memoryUsage.rss()) };
}

await selectEngine({ engine: args.engine as 'wasm' });
const folder = args.folder ?? (await mkdtemp(join(tmpdir(), 'bench-store-')));
const before = process.memoryUsage.rss();
const written = await peakOf(() => write(folder));
const sizes = await Promise.all(
  (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size),
);
const bytes = sizes.reduce((sum, size) => sum + size, 0) / SAMPLES;
console.log(
  `written: ${bytes.toFixed(1)} bytes per sample, ${sizes.length - 1} shards, ${written.result.toFixed(0)} samples/s, memory ${mib(before)} → peak ${mib(written.peak)} MiB`,
);

const rates: Rate[] = [];
let peak = 0;
for (const memory of [0, Number(args['memory-mib']) * 2 ** 20]) {
  const opening = performance.now();
  const store = await openTeacherStore(folder, header, { memory });
  const opened = performance.now() - opening;
  const run = await peakOf(() => read(store, 1500));
  if (memory === 0) peak = run.peak;
  rates.push(run.result);
  const { perSecond, perCoreSecond } = run.result;
  console.log(
    `read ${memory === 0 ? 'from disk' : 'from memory'}: opened and checked in ${opened.toFixed(0)} ms, ${perSecond.toFixed(0)} samples/s = ${(perSecond / STEP_CONSUMES).toFixed(0)} × a training step, ${perCoreSecond.toFixed(0)} per second of a core = ${(perCoreSecond / STEP_CONSUMES).toFixed(0)} ×, peak ${mib(run.peak)} MiB`,
  );
  store.dispose();
}
if (args.folder === undefined) await rm(folder, { recursive: true });
const [fromDisk = NaN, fromMemory = NaN] = rates.map(({ perSecond }) => perSecond);
console.log(
  `bytes ${bytes.toFixed(1)} write ${written.result.toFixed(0)} read ${fromMemory.toFixed(0)} ${fromDisk.toFixed(0)} peak ${mib(peak)}`,
);
