/**
 * Time of one training step of Keras's distillation student and teacher (16/32 and 256/512 filters; batch 32, Adam,
 * cross-entropy) on every engine that is usable here.
 *
 *   npm run bench -- engines [--rounds 3] [--seconds 2] [--other NAME=CACHE] [--teacher-on-cpu]
 *
 * Every engine runs in processes of its own, in turn, round after round. The table has the median over all steps, and
 * in brackets the fastest tenth, which other work on the machine disturbs least. Plain CPU takes five minutes for one step of the teacher, so that one is left out unless asked for.
 * `--other tf2.12=/tmp/cache` adds the native engine of another cache (DISTILL_CACHE), e.g. of another version.
 * Ends with `ratio R`: the student's step on wasm ÷ on the native engine.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import {
  dispose,
  losses,
  oneHot,
  randomNormal,
  type Scalar,
  type Tensor,
  tensor1d,
  train,
} from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { quantile } from '@tfjs-distill/core';
import { type EngineName, type EngineStatus, listEngines, selectEngine } from '@tfjs-distill/node/engine';
import { kerasStudent, kerasTeacher } from '../../packages/examples/src/mnist-distiller/models.js';

const BATCH = 32;
const MODELS = { student: kerasStudent, teacher: kerasTeacher } as const;
type ModelName = keyof typeof MODELS;

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    'teacher-on-cpu': { type: 'boolean', default: false },
    other: { type: 'string', multiple: true, default: [] },
    measure: { type: 'string' }, // what a child process is told
  },
});
const seconds = Number(args.seconds);

/** Milliseconds of single steps, for as long as was asked, at least one; the first two warm up where time allows. */
async function measure(name: ModelName): Promise<number[]> {
  const { engine } = await selectEngine();
  const model = MODELS[name](1);
  const images = randomNormal([BATCH, 28, 28, 1]);
  const labels = oneHot(
    tensor1d(
      Array.from({ length: BATCH }, (_, i) => i % 10),
      'int32',
    ),
    10,
  );
  const step = trainStep(model, images, labels);
  const slow = engine === 'cpu';
  if (!slow) for (let i = 0; i < 2; i++) await step();
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  do {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  } while (performance.now() < end);
  dispose([images, labels]);
  return times;
}

function trainStep(model: LayersModel, images: Tensor, labels: Tensor): () => Promise<void> {
  const optimizer = train.adam();
  const loss = () => losses.softmaxCrossEntropy(labels, model.apply(images, { training: true }) as Tensor);
  return async () => {
    const value = optimizer.minimize(loss as () => Scalar, true) as Scalar;
    await value.data(); // the step has ended when its loss is here
    value.dispose();
  };
}

interface Contender {
  readonly label: string;
  readonly engine: EngineName;
  readonly version: string;
  readonly cache: string | undefined;
  readonly times: Record<ModelName, number[]>;
}

async function compare(): Promise<void> {
  const usable = (await listEngines()).filter(({ usable }) => usable);
  const contenders = [...usable.map(contender), ...args.other.map(otherCache)];
  for (let round = 0; round < Number(args.rounds); round++) {
    for (const name of Object.keys(MODELS) as ModelName[]) {
      for (const { label, engine, cache, times } of contenders) {
        if (engine === 'cpu' && name === 'teacher' && (round > 0 || !args['teacher-on-cpu'])) continue;
        process.stderr.write(`round ${round + 1}: ${name} on ${label}\n`);
        times[name].push(...(await inChild(name, engine, cache)));
      }
    }
  }
  report(contenders);
}

const contender = ({ engine, version = '' }: EngineStatus): Contender => ({
  label: `${engine} ${version}`,
  engine,
  version,
  cache: undefined,
  times: { student: [], teacher: [] },
});

/** `tf2.12=/tmp/cache` */
function otherCache(text: string): Contender {
  const [label = '', cache = ''] = text.split('=');
  return { label, engine: 'tensorflow', version: '', cache, times: { student: [], teacher: [] } };
}

async function inChild(name: ModelName, engine: EngineName, cache: string | undefined): Promise<number[]> {
  const file = fileURLToPath(import.meta.url);
  const env = {
    ...process.env,
    DISTILL_ENGINE: engine,
    ...(cache !== undefined && { DISTILL_CACHE: cache }),
  };
  const flags = [...process.execArgv, file, '--measure', name, '--seconds', String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { env });
  return JSON.parse(stdout) as number[];
}

function milliseconds(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const [middle, best] = [quantile(values, 0.5), quantile(values, 0.1)].map((time) =>
    time.toFixed(time < 100 ? 1 : 0),
  );
  return `${middle} (${best})`;
}

function report(contenders: readonly Contender[]): void {
  const row = (...cells: readonly string[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(22) : cell.padStart(20))).join(''));
  row('engine', 'student ms', 'teacher ms', 'steps');
  for (const { label, times } of contenders) {
    const steps = `${times.student.length} + ${times.teacher.length}`;
    row(label, milliseconds(times.student), milliseconds(times.teacher), steps);
  }
  const student = (name: EngineName) => {
    const found = contenders.find(({ engine, cache }) => engine === name && cache === undefined);
    return found ? quantile(found.times.student, 0.5) : NaN;
  };
  const faster = (slow: EngineName, fast: EngineName) => (student(slow) / student(fast)).toFixed(1);
  console.log(`wasm is ${faster('cpu', 'wasm')} times faster than plain CPU for the student`);
  const ratio = student('wasm') / student('tensorflow');
  console.log(
    `ratio ${Number.isNaN(ratio) ? 'unknown: the native engine is not installed' : ratio.toFixed(2)}`,
  );
}

if (args.measure === undefined) await compare();
else process.stdout.write(JSON.stringify(await measure(args.measure as ModelName)));
