/**
 * What the wasm kernels of this project save: milliseconds per kernel, stock and ours in turn, and per training
 * step of the two students.
 *
 *   node --conditions=@tfjs-distill/source --import tsx test/bench/wasmKernels.ts
 */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { quantile } from '@tfjs-distill/core';
import { selectEngine } from '@tfjs-distill/node/engine';
import { registerWasmGradients } from '@tfjs-distill/node/wasm-kernels';

const ROUNDS = 25;

type Shape = readonly number[];
interface Case {
  readonly label: string;
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly attrs: tf.NamedAttrMap;
}

const random = (shape: Shape) => tf.randomNormal([...shape]);

/** The fastest of many says what the work costs; the median, what it costs beside the machine's other work. */
interface Timing {
  readonly fastest: number;
  readonly median: number;
}

const timingOf = (times: readonly number[]): Timing => ({
  fastest: Math.min(...times),
  median: quantile(times, 0.5),
});

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** One layer of a convolution: what its gradients take. */
function convolution(input: Shape, filter: Shape, strides: number): Case[] {
  const [batch, height, width] = input as [number, number, number, number];
  const out = [batch, Math.ceil(height / strides), Math.ceil(width / strides), filter[3]!];
  const size = `${input.join('×')} → ${filter[3]}, ${filter[0]}×${filter[1]}/${strides}`;
  const attrs = { strides, pad: 'same', dataFormat: 'NHWC' };
  const dy = random(out);
  return [
    {
      label: size,
      kernel: 'Conv2DBackpropFilter',
      inputs: { x: random(input), dy },
      attrs: { ...attrs, filterShape: [...filter] },
    },
    {
      label: size,
      kernel: 'Conv2DBackpropInput',
      inputs: { dy, filter: random(filter) },
      attrs: { ...attrs, inputShape: [...input] },
    },
  ];
}

function depthwise(input: Shape, filter: Shape, strides: number): Case[] {
  const [batch, height, width, channels] = input as [number, number, number, number];
  const dy = random([batch, Math.ceil(height / strides), Math.ceil(width / strides), channels * filter[3]!]);
  const label = `${input.join('×')}, ${filter[0]}×${filter[1]}/${strides}`;
  const attrs = { strides, pad: 'same', dilations: [1, 1] };
  return [
    {
      label,
      kernel: 'DepthwiseConv2dNativeBackpropFilter',
      inputs: { x: random(input), dy },
      attrs: { ...attrs, filterShape: [...filter] },
    },
    {
      label,
      kernel: 'DepthwiseConv2dNativeBackpropInput',
      inputs: { dy, filter: random(filter) },
      attrs: { ...attrs, inputShape: [...input] },
    },
  ];
}

function pooling(input: Shape, filterSize: number, strides: number): Case[] {
  const x = random(input) as tf.Tensor4D;
  const output = tf.maxPool(x, filterSize, strides, 'same');
  const label = `${input.join('×')}, ${filterSize}×${filterSize}/${strides}`;
  const inputs = { dy: random(output.shape), input: x, output };
  const attrs = { filterSize, strides, pad: 'same' };
  return [{ label, kernel: 'MaxPoolGrad', inputs, attrs }];
}

function product(label: string, a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): Case {
  return {
    label,
    kernel: 'BatchMatMul',
    inputs: { a: random(a), b: random(b) },
    attrs: { transposeA, transposeB },
  };
}

function cases(): Case[] {
  const x = random([32, 14, 14, 16]);
  const sequence = random([32, 50, 64]);
  const ids = tf.cast(tf.randomUniform([2000], 0, 500), 'int32');
  return [
    ...convolution([32, 28, 28, 1], [3, 3, 1, 16], 2),
    ...convolution([32, 14, 14, 16], [3, 3, 16, 32], 2),
    ...convolution([64, 32, 32, 3], [3, 3, 3, 16], 1),
    ...convolution([64, 16, 16, 16], [3, 3, 16, 16], 1),
    ...convolution([16, 16, 16, 64], [1, 1, 64, 64], 1),
    ...depthwise([32, 14, 14, 32], [3, 3, 32, 1], 1),
    ...depthwise([32, 28, 28, 16], [3, 3, 16, 1], 2),
    ...pooling([32, 14, 14, 16], 2, 1),
    ...pooling([64, 32, 32, 16], 2, 2),
    product('dense dW: (64×1024)ᵀ · 64×256', [1, 64, 1024], [1, 64, 256], true, false),
    product('dense dx: 64×256 · (1024×256)ᵀ', [1, 64, 256], [1, 1024, 256], false, true),
    product('dense dW: (32×1568)ᵀ · 32×10', [1, 32, 1568], [1, 32, 10], true, false),
    product('dense dx: 32×10 · (1568×10)ᵀ', [1, 32, 10], [1, 1568, 10], false, true),
    product('batch: 64 × (64×32) · (32×64)', [64, 64, 32], [64, 32, 64], false, false),
    {
      label: '2000 of 500 rows of 64',
      kernel: 'UnsortedSegmentSum',
      inputs: { x: random([2000, 64]), segmentIds: ids },
      attrs: { numSegments: 500 },
    },
    {
      label: 'a batch of 32 of 10 000 × 784',
      kernel: 'Slice',
      inputs: { x: random([10_000, 784]) },
      attrs: { begin: [32, 0], size: [32, 784] },
    },
    {
      label: 'every other pixel of 32×14×14×16',
      kernel: 'StridedSlice',
      inputs: { x },
      attrs: {
        begin: [0, 0, 0, 0],
        end: [32, 14, 14, 16],
        strides: [1, 2, 2, 1],
        beginMask: 0,
        endMask: 0,
        ellipsisMask: 0,
        newAxisMask: 0,
        shrinkAxisMask: 0,
      },
    },
    {
      label: '4 gates of 32×256',
      kernel: 'SplitV',
      inputs: { x: random([32, 256]) },
      attrs: { numOrSizeSplits: 4, axis: 1 },
    },
    { label: '50 steps of 32×50×64', kernel: 'Unpack', inputs: { value: sequence }, attrs: { axis: 1 } },
    { label: '50 steps of 32×50×64', kernel: 'Reverse', inputs: { x: sequence }, attrs: { dims: [1] } },
    {
      label: '6272×1 to 6272×16',
      kernel: 'Tile',
      inputs: { x: random([6272, 1]) },
      attrs: { reps: [1, 16] },
    },
    { label: '32×14×14×16', kernel: 'Identity', inputs: { x }, attrs: {} },
  ];
}

/** Milliseconds stock and ours, alternating; `undefined` where the backend has no such kernel. */
function compare({ kernel, inputs, attrs }: Case): { stock: Timing | undefined; ours: Timing } {
  const stock: number[] = [];
  const ours: number[] = [];
  const call = () => {
    tf.dispose(tf.engine().runKernel(kernel, inputs, attrs));
  };
  const exists = tf.getKernelsForBackend('wasm').some(({ kernelName }) => kernelName === kernel);
  for (let round = 0; round < ROUNDS; round++) {
    if (exists) stock.push(timed(call));
    const undo = registerWasmGradients();
    ours.push(timed(call));
    undo();
  }
  return { stock: exists ? timingOf(stock) : undefined, ours: timingOf(ours) };
}

const { conv2d, leakyReLU, maxPooling2d, flatten, dense, dropout } = layers;

const STUDENTS: readonly { label: string; batch: number; input: Shape; build: () => Sequential }[] = [
  32, 64,
].flatMap((batch) => [
  {
    label: `seed 004 student, batch ${batch}`,
    batch,
    input: [28, 28, 1],
    build: () =>
      sequential({
        layers: [
          conv2d({ inputShape: [28, 28, 1], filters: 16, kernelSize: 3, strides: 2, padding: 'same' }),
          leakyReLU({ alpha: 0.2 }),
          maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
          conv2d({ filters: 32, kernelSize: 3, strides: 2, padding: 'same' }),
          flatten(),
          dense({ units: 10 }),
        ],
      }),
  },
  {
    label: `seed 003 student, batch ${batch}`,
    batch,
    input: [32, 32, 3],
    build: () =>
      sequential({
        layers: [
          conv2d({
            inputShape: [32, 32, 3],
            filters: 16,
            kernelSize: 3,
            padding: 'same',
            activation: 'relu',
          }),
          maxPooling2d({ poolSize: 2 }),
          conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
          maxPooling2d({ poolSize: 2 }),
          flatten(),
          dense({ units: 256, activation: 'relu' }),
          dropout({ rate: 0.1 }),
          dense({ units: 10 }),
        ],
      }),
  },
]);

/** One step of Adam on the cross-entropy; the loss is read back, as a user's loop does. */
function trainer({ batch, input, build }: (typeof STUDENTS)[number]): () => void {
  const model = build();
  const optimizer = tf.train.adam(1e-3);
  const x = tf.randomUniform([batch, ...input]);
  const labels = tf.oneHot(tf.cast(tf.randomUniform([batch], 0, 10), 'int32'), 10);
  return () => {
    const loss = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor),
      true,
    );
    loss?.dataSync();
    loss?.dispose();
  };
}

async function onBackend(name: string, student: (typeof STUDENTS)[number], steps: number): Promise<Timing> {
  await tf.setBackend(name);
  const step = trainer(student);
  const warmUp = Math.ceil(steps / 5);
  const times = Array.from({ length: warmUp + steps }, () => timed(step)).slice(warmUp);
  return timingOf(times);
}

const ms = (timing: Timing | undefined) =>
  (timing ? `${timing.fastest.toFixed(2)} ${timing.median.toFixed(2).padStart(8)}` : '–').padStart(18);
const row = (...cells: [string, string, string, string]) => {
  const [kernel, size, before, after] = cells;
  console.log(kernel.padEnd(37) + size.padEnd(34) + before.padStart(18) + after.padStart(18));
};

await selectEngine({ engine: 'cpu' });
await selectEngine({ engine: 'wasm' });
registerWasmGradients()(); // back to the backend's own kernels
console.log(`Milliseconds: the fastest of ${ROUNDS} and the median, stock and ours in turn.\n`);
row('kernel', 'size', 'stock', 'ours');
for (const one of cases()) {
  const { stock, ours } = compare(one);
  row(one.kernel, one.label, ms(stock), ms(ours));
}
registerWasmGradients();
console.log();
row('training step', '', 'cpu', 'wasm');
for (const student of STUDENTS) {
  const wasm = await onBackend('wasm', student, 60);
  const cpu = student.batch === 32 ? await onBackend('cpu', student, 3) : undefined;
  row(student.label, '', ms(cpu), ms(wasm));
}
