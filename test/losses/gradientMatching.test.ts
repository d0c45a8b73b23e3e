import {
  abs,
  clone,
  matMul,
  memory,
  mul,
  ones,
  type Scalar,
  square,
  sum,
  tanh,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
  train,
  variable,
  variableGrads,
  zeros,
} from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential, initializers } from '@tensorflow/tfjs-layers';
import { liveTeacher, type LossContext, prepareCompression, type TeacherSource } from '@tfjs-distill/core';
import {
  gradientMatching,
  gradientMatchingLoss,
  inputGradient,
  kdLoss,
  throughInputGradient,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem } from '../fixtures/models.js';
import { allow } from '../setup/guards.js';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

type GoldenOptions = NonNullable<Parameters<typeof gradientMatching>[0]>;

/** PyTorch differentiates twice, we once and by differences: values agree as always, gradients to a thousandth. */
describeGolden<GoldenOptions>(
  'gradient',
  ({ x, teacher1, teacher2, student1, student2, labels }, options) => {
    const network = (first: Tensor, second: Tensor) => (input: Tensor) =>
      matMul(tanh(matMul(input, first)), second);
    const [teacher, student] = [network(teacher1!, teacher2!), network(student1!, student2!)];
    return gradientMatching(options).compute(contextOf(student, liveTeacher(teacher as never), x!, labels));
  },
  { rtol: 1e-3, atol: 1e-4 },
);

/** What the criterion reads of a context. */
function contextOf(
  student: (x: Tensor) => Tensor,
  teacher: TeacherSource,
  x: Tensor,
  labels?: Tensor,
): LossContext {
  const batch = { x, ...(labels && { y: labels }) };
  return {
    student: { forward: (input: Tensor) => ({ output: student(input), features: {} }) },
    teacher,
    batch,
    labels,
    studentOutputs: { output: student(x), features: {} },
    teacherOutputs: teacher.outputs(batch),
  } as never;
}

describe('gradientMatchingLoss', () => {
  it('is 2.5 for the example', async () => {
    expect(await numberOf(gradientMatchingLoss(tensor2d([[1, 0]]), tensor2d([[0, 2]])))).toBe(2.5);
  });

  it('is 0 for gradients that differ in length alone, where they are normalized', async () => {
    const t = normal([3, 4, 4, 1], 1);
    expect(await numberOf(gradientMatchingLoss(t, mul(t, 5)))).toBeGreaterThan(1);
    expect(await numberOf(gradientMatchingLoss(t, mul(t, 5), { normalize: true }))).toBeCloseTo(0, 6);
  });

  it('names shapes that differ', () => {
    expect(() => gradientMatchingLoss(ones([2, 3]), ones([2, 4]))).toThrow(/\[2, 3\].*\[2, 4\]/);
  });
});

describe('inputGradient', () => {
  it('is [2, 4] for the example', async () => {
    const gradient = inputGradient((x) => sum(square(x), 1), tensor2d([[1, 2]]));
    expect([...(await gradient.data())]).toEqual([2, 4]);
  });

  it('is a constant of the tape around it', () => {
    const w = variable(tensor1d([3]));
    const loss = () =>
      sum<Scalar>(
        mul(
          w,
          inputGradient((x) => sum(mul(square(x), w), 1), tensor2d([[2]])),
        ),
      );
    const { grads } = tidy(() => variableGrads(loss, [w]));
    return grads[w.name]!.data().then(([gradient]) => {
      expect(gradient).toBe(12); // 2 x w, and not 2 · 2 x w
      w.dispose();
    });
  });
});

describe('throughInputGradient', () => {
  const gradientOf = async (v: Tensor, x: Tensor) => {
    const w = variable(normal([3, 2], 4));
    const f = (input: Tensor) => sum(square(tanh(matMul(input, w))), 1);
    const loss = () => throughInputGradient(f, x, { loss: sum<Scalar>(zeros([1])), v, step: 0.005 });
    const { value, grads } = variableGrads(loss, [w]);
    const result = { value: await numberOf(value), gradient: [...(await grads[w.name]!.data())] };
    w.dispose();
    return result;
  };

  it('keeps the loss’s value exactly', async () => {
    expect((await gradientOf(normal([4, 3], 2), normal([4, 3], 3))).value).toBe(0);
  });

  it('gives no gradient where the loss has none, nor NaN for inputs of 0', async () => {
    const { gradient } = await gradientOf(zeros([4, 3]), normal([4, 3], 3));
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-20);
    expect((await gradientOf(normal([4, 3], 2), zeros([4, 3]))).gradient.every(Number.isFinite)).toBe(true);
  });

  it('is linear in the direction, however short', async () => {
    const [x, v] = [normal([4, 3], 3), normal([4, 3], 2)];
    const [long, short] = [await gradientOf(v, x), await gradientOf(mul(v, 1e-6), x)];
    long.gradient.forEach((value, i) => expect(short.gradient[i]! * 1e6).toBeCloseTo(value, 2));
  });
});

/** Convolution, pooling and softplus: operations whose second-order gradients TF.js has and lacks. */
function convolutional(filters: number, seed: number): LayersModel {
  const kernelInitializer = (offset: number) => initializers.glorotUniform({ seed: seed + offset });
  return sequential({
    layers: [
      layers.conv2d({
        filters,
        kernelSize: 3,
        padding: 'same',
        activation: 'elu',
        inputShape: [6, 6, 1],
        kernelInitializer: kernelInitializer(0),
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.5 }),
      layers.flatten(),
      layers.dense({ units: 3, kernelInitializer: kernelInitializer(1) }),
    ],
  });
}

describe('gradientMatching', () => {
  it('trains a convolutional student’s input gradients towards the teacher’s, with pooling and dropout', async () => {
    const [teacher, student] = [convolutional(8, 1), convolutional(4, 11)];
    const manager = prepareCompression(student, {
      teacher,
      criterion: gradientMatching({ of: 'topLogit' }),
      optimizer: train.adam(0.01),
    });
    const batch = { x: normal([16, 6, 6, 1], 1) };
    const counts: number[] = [];
    const terms: number[] = [];
    await manager.onTrainBegin({ epochs: 15 });
    for (let epoch = 0; epoch < 15; epoch++) {
      await manager.onEpochBegin();
      await manager.trainStep(batch);
      terms.push((await manager.onEpochEnd())['gradient']!);
      counts.push(memory().numTensors);
    }
    await manager.onTrainEnd();
    expect(terms.at(-1)).toBeLessThan(0.6 * terms[0]!);
    expect(counts.at(-1)).toBe(counts.at(-2));
    manager.dispose();
    student.dispose();
    teacher.dispose();
  });

  it('is 0 with gradient 0 for a student that is the teacher', async () => {
    const model = mlp(6, 1);
    const { x, y } = problem(8);
    const run = (input: Tensor) => model.predict(input) as Tensor;
    const context = contextOf(run, liveTeacher(model), x, y);
    const variables = model.trainableWeights.map((weight) => weight.read()) as never[];
    const { value, grads } = variableGrads(() => gradientMatching().compute(context), variables);
    expect(await numberOf(value)).toBe(0);
    for (const gradient of Object.values(grads))
      expect(Math.max(...(await abs(gradient).data()))).toBeLessThan(1e-20);
    model.dispose();
  });

  it('leaves out samples of weight 0, even of NaN', async () => {
    const [a, b] = [mlp(6, 1), mlp(4, 9)];
    const run = (input: Tensor) => a.predict(input) as Tensor;
    const context = (x: Tensor, y: Tensor, weights?: Tensor) => {
      const given = contextOf(run, liveTeacher(b), x, y);
      return { ...given, batch: { ...given.batch, ...(weights && { weights }) } };
    };
    const whole = tensor2d([[1, 2, 3, 4], [NaN, 1, 1, 1], [0, 1, 0, 1]]); // prettier-ignore
    const kept = tensor2d([[1, 2, 3, 4], [0, 1, 0, 1]]); // prettier-ignore
    const labels = (...numbers: number[]) => tensor1d(numbers, 'int32');
    const weighed = gradientMatching().compute(context(whole, labels(0, 1, 2), tensor1d([1, 0, 1])));
    const part = gradientMatching().compute(context(kept, labels(0, 2)));
    // the difference's step is relative to all inputs, which changes the gradient's rounding and not the value
    expect(await numberOf(weighed)).toBeCloseTo(await numberOf(part), 5);
    a.dispose();
    b.dispose();
  });

  it('says that a stored or asynchronous teacher and integer inputs have no gradients', () => {
    allow('tensors'); // tfjs-core keeps what it saved for a gradient that fails; the manager frees it
    const student = (x: Tensor) => mul(x, 2);
    const x = ones([2, 3]);
    const logits = normal([2, 3], 1);
    const source = (outputs: TeacherSource['outputs']): TeacherSource => ({
      name: 'far',
      signature: {},
      outputs,
    });
    const compute = (teacher: TeacherSource, input: Tensor) => () =>
      gradientMatching({ of: 'topLogit' }).compute({
        ...contextOf(
          student,
          source(() => ({ logits, features: {} })),
          input,
        ),
        teacher,
      });
    const stored = source(() => ({ logits: clone(logits), features: {} }));
    expect(compute(stored, x)).toThrow(/Teacher "far" has no input gradients: its answers are stored/);
    const remote = source(() => Promise.resolve({ logits: clone(logits), features: {} }));
    expect(compute(remote, x)).toThrow(/Teacher "far" has no input gradients: it answers later/);
    expect(compute(stored, ones([2, 3], 'int32'))).toThrow(/`batch.x` to be one float32 tensor, got "int32"/);
  });

  it('adds to other criteria', async () => {
    const [a, b] = [mlp(6, 1), mlp(4, 9)];
    const manager = prepareCompression(b, {
      teacher: a,
      criterion: [gradientMatching(), (t, s) => kdLoss(t, s)],
    });
    const { epochs } = await manager.fit(problem(16), { epochs: 2, batchSize: 8 });
    expect(epochs.at(-1)!['gradient']).toBeGreaterThan(0);
    manager.dispose();
    a.dispose();
    b.dispose();
  });

  it('refuses a step of 0', () => {
    expect(() => gradientMatching({ step: 0 })).toThrow(/`step` to be a number above 0, got 0/);
  });
});
