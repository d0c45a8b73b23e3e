/**
 * What the manager adds to a hand-written loop: seed 004's student, batch 32, stored teacher logits,
 * Adam. Both train in turn in one process; the ratio is the median of paired rounds.
 *
 *   npm run bench -- hooks [--rounds 15] [--steps 40]
 */
import { parseArgs } from 'node:util';
import {
  add,
  mul,
  type Optimizer,
  randomUniform,
  type Tensor,
  tensor1d,
  tidy,
  train,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { crossEntropy, prepareCompression, quantile } from '@tfjs-distill/core';
import { kdLoss, knowledgeDistillation } from '@tfjs-distill/losses';
import { selectEngine } from '@tfjs-distill/node';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, steps: { type: 'string', default: '40' } },
});
const [rounds, steps] = [Number(values.rounds), Number(values.steps)];
const [ALPHA, TEMPERATURE, BATCH, CLASSES] = [0.1, 10, 32, 10];

const engine = await selectEngine({});
console.log(`Engine: ${engine.engine}. ${rounds} rounds of ${steps} steps each.`);

const batches = Array.from({ length: steps }, (_, i) => ({
  x: randomUniform([BATCH, 28, 28, 1], 0, 1, 'float32', i),
  y: tensor1d(
    Array.from({ length: BATCH }, (_, j) => (i + j) % CLASSES),
    'int32',
  ),
  logits: randomUniform([BATCH, CLASSES], -5, 5, 'float32', 1000 + i),
}));
type Step = (batch: (typeof batches)[number]) => void | Promise<void>;

/** Seed 004's student. */
function network(): LayersModel {
  return sequential({
    layers: [
      layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', inputShape: [28, 28, 1] }),
      layers.leakyReLU({ alpha: 0.2 }),
      layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
      layers.conv2d({ filters: 32, kernelSize: 3, strides: 2, padding: 'same' }),
      layers.flatten(),
      layers.dense({ units: CLASSES }),
    ],
  });
}

function byHand(): Step {
  const student = network();
  const optimizer: Optimizer = train.adam(1e-3);
  const variables = student.trainableWeights.map((weight) => weight.read() as Variable);
  return ({ x, y, logits }) =>
    tidy(() => {
      const { grads } = variableGrads(() => {
        const output = student.apply(x, { training: true }) as Tensor;
        const soft = kdLoss(logits, output, { temperature: TEMPERATURE });
        return add(mul(crossEntropy(y, output), ALPHA), mul(soft, 1 - ALPHA));
      }, variables);
      optimizer.applyGradients(grads);
    });
}

function byManager(): Step {
  const stored = new Map(batches.map(({ x, logits }) => [x, logits]));
  const manager = prepareCompression(network(), {
    // the step owns what a teacher answers, so it gets a handle of its own
    teacher: {
      name: 'stored',
      signature: {},
      outputs: ({ x }) => ({ logits: stored.get(x as Tensor)!.clone(), features: {} }),
    },
    criterion: knowledgeDistillation({ temperature: TEMPERATURE, alpha: ALPHA }),
    optimizer: train.adam(1e-3),
  });
  return ({ x, y }) => manager.trainStep({ x, y });
}

async function milliseconds(step: Step): Promise<number> {
  const start = performance.now();
  for (const batch of batches) await step(batch);
  return (performance.now() - start) / steps;
}

const median = (values: readonly number[]) => quantile(values, 0.5);

const [hand, managed] = [byHand(), byManager()];
const pairs: [number, number][] = [];
for (let round = -1; round < rounds; round++) {
  // who goes first alternates, so that drift of the machine hits both alike
  const first = round % 2 === 0 ? hand : managed;
  const a = await milliseconds(first);
  const b = await milliseconds(first === hand ? managed : hand);
  if (round >= 0) pairs.push(first === hand ? [a, b] : [b, a]); // the first round warms up
}
console.log(`by hand  ${median(pairs.map(([a]) => a)).toFixed(3)} ms a step (median)`);
console.log(`manager  ${median(pairs.map(([, b]) => b)).toFixed(3)} ms a step (median)`);
console.log(`ratio ${median(pairs.map(([a, b]) => b / a)).toFixed(3)}`);
