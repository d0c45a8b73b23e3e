/**
 * Trains for many steps with everything on, and says whether memory stays flat: npm run soak -- [--steps 20000]
 * [--engine wasm]. Ends with exit code 1 if it does not.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { memory, randomNormal, randomUniformInt, slice, train } from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  checkpoints,
  cosine,
  ema,
  gradientClipping,
  keepBest,
  learningRate,
  type Plugin,
  prepareCompression,
  quantile,
  termDiagnostics,
} from '@tfjs-distill/core';
import { hint, knowledgeDistillation } from '@tfjs-distill/losses';
import { type EngineName, selectEngine } from '@tfjs-distill/node/engine';

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '20000' }, engine: { type: 'string', default: 'wasm' } },
});
const steps = Number(values.steps);
const STEPS_PER_EPOCH = 100;
const BATCH = 16;
const CLASSES = 10;

const network = (name: string, units: number, seed: number): LayersModel =>
  sequential({
    name,
    layers: [
      layers.dense({
        name: 'hidden',
        units,
        inputShape: [32],
        activation: 'relu',
        kernelInitializer: glorot(seed),
      }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ name: 'logits', units: CLASSES, kernelInitializer: glorot(seed + 1) }),
    ],
  });
const glorot = (seed: number) => initializers.glorotUniform({ seed });

interface Reading {
  readonly step: number;
  readonly rss: number;
  readonly tensors: number;
}

const readings: Reading[] = [];
const every = Math.max(1, Math.floor(steps / 400));
const reader: Plugin = {
  name: 'memory',
  onStepEnd: ({ globalStep: step }) => {
    if (step % every === 0)
      readings.push({ step, rss: process.memoryUsage.rss(), tensors: memory().numTensors });
  },
};

/** The median around a part of the run: one reading may fall into a collection. */
function around(part: number): Reading {
  const near = readings.filter(({ step }) => step >= (part - 0.05) * steps && step <= (part + 0.05) * steps);
  const median = (key: keyof Reading) =>
    quantile(
      near.map((reading) => reading[key]),
      0.5,
    );
  return { step: Math.round(part * steps), rss: median('rss'), tensors: median('tensors') };
}

const { engine } = await selectEngine({ engine: values.engine as EngineName });
const folder = await mkdtemp(join(tmpdir(), 'soak-'));
const [teacher, student] = [network('teacher', 64, 1), network('student', 16, 3)];
const samples = STEPS_PER_EPOCH * BATCH;
const data = {
  x: randomNormal([samples, 32], 0, 1, 'float32', 5),
  y: randomUniformInt([samples], 0, CLASSES, 6),
};
const manager = prepareCompression(student, {
  teacher,
  criterion: [knowledgeDistillation({ temperature: 4 }), hint({ student: 'hidden', teacher: 'hidden' })],
  optimizer: train.adam(1e-3),
  plugins: [
    reader,
    gradientClipping({ globalNorm: 1 }),
    learningRate({ rate: cosine({ from: 1e-3, to: 1e-5, warmUp: 0.1 }) }),
    ema(),
    keepBest(),
    termDiagnostics(),
    checkpoints({ dir: folder, every: 10, best: 'val_loss' }),
  ],
});
const began = performance.now();
const validation = { x: slice(data.x, 0, 256), y: slice(data.y, 0, 256) };
const epochs = Math.ceil(steps / STEPS_PER_EPOCH);
const history = await manager.fit(data, { epochs, batchSize: BATCH, validation });
const seconds = (performance.now() - began) / 1000;
await rm(folder, { recursive: true });

const [early, late] = [around(0.1), around(1)];
const mebibytes = ({ rss }: Reading) => `${(rss / 2 ** 20).toFixed(0)} MiB`;
const flat = early.tensors === late.tensors && late.rss < early.rss * 1.1;
console.log(
  `${history.steps} steps on ${engine} in ${seconds.toFixed(0)} s, ${((1000 * seconds) / history.steps).toFixed(2)} ms each`,
);
console.log(`RSS at 10%:  ${mebibytes(early)}   at 100%: ${mebibytes(late)}`);
console.log(`tensors at 10%: ${early.tensors}   at 100%: ${late.tensors}`);
console.log(flat ? 'Memory is flat.' : 'Memory grows.');
process.exitCode = flat ? 0 : 1;
