import { argMax, memory, type Tensor, tensor1d, tensor4d } from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { memoryTeacherStore, type Plugin, prepareCompression, storedTeacher } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';

/** Digits to train on; 10 batches an epoch. */
export const TRAINED = 160;
/** Digits behind them, from the test set, that teacher and student are asked about. */
export const ASKED = 20;
const BATCH = 16;
const SIZE = 28 * 28;

export interface Answers {
  readonly teacher: readonly number[];
  readonly student: readonly number[];
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
  /** Fewest and most tensors alive at the end of a step. */
  readonly tensors: readonly [number, number];
  /** Tensors left behind by all of it. */
  readonly left: number;
}

/**
 * Distils a small student from a teacher's stored logits: the same in a page, in a worker and in Node.
 *
 * @param pixels `TRAINED + ASKED` digits of 784 bytes.
 * @param teacher Stays the caller's.
 */
export async function distil(pixels: Uint8Array, teacher: LayersModel, steps: number): Promise<Answers> {
  const before = memory().numTensors;
  const x = images(pixels.subarray(0, TRAINED * SIZE));
  const asked = images(pixels.subarray(TRAINED * SIZE));
  const said = teacher.predict(x, { batchSize: TRAINED }) as Tensor;
  const classes = said.shape[1] ?? 0;
  const ids = Int32Array.from({ length: TRAINED }, (_, i) => i);
  const store = memoryTeacherStore(
    { classes, teacher: 'shipped', dataset: 'digits' },
    { ids, logits: (await said.data()) as Float32Array },
  );
  const best = argMax(said, 1);
  const y = tensor1d((await best.data()) as Int32Array, 'int32');
  const student = smallStudent();
  const counts: number[] = [];
  const manager = prepareCompression(student, {
    teacher: storedTeacher(store),
    criterion: knowledgeDistillation({ temperature: 4, alpha: 0.5 }),
    plugins: [tensorCounter(counts)],
  });
  const { epochs } = await manager.fit({ x, y }, { epochs: (steps * BATCH) / TRAINED, batchSize: BATCH });
  const answers = {
    teacher: await logitsOf(teacher, asked),
    student: await logitsOf(student, asked),
    losses: epochs.map(({ loss }) => loss ?? NaN),
    tensors: [Math.min(...counts), Math.max(...counts)] as const,
  };
  manager.dispose();
  store.dispose();
  student.dispose();
  for (const tensor of [x, asked, said, best, y]) tensor.dispose();
  return { ...answers, left: memory().numTensors - before };
}

/** 1,450 parameters. */
function smallStudent(): LayersModel {
  const kernelInitializer = initializers.glorotUniform({ seed: 1 });
  return sequential({
    layers: [
      layers.conv2d({
        filters: 8,
        kernelSize: 4,
        strides: 4,
        activation: 'relu',
        kernelInitializer,
        inputShape: [28, 28, 1],
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10, kernelInitializer }),
    ],
  });
}

/** The first step makes the optimizer's slots. */
function tensorCounter(counts: number[]): Plugin {
  return {
    name: 'tensor-counter',
    onStepEnd: ({ globalStep }) => {
      if (globalStep > 0) counts.push(memory().numTensors);
    },
  };
}

async function logitsOf(model: LayersModel, x: Tensor): Promise<number[]> {
  const logits = model.predict(x) as Tensor;
  const values = await logits.data();
  logits.dispose();
  return [...values];
}

function images(pixels: Uint8Array): Tensor {
  return tensor4d(
    Float32Array.from(pixels, (byte) => byte / 255),
    [pixels.length / SIZE, 28, 28, 1],
  );
}
