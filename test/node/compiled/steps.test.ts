import {
  add,
  dispose,
  type NamedTensorMap,
  keep,
  mul,
  type Scalar,
  sub,
  type Tensor,
  tidy,
  train,
  type Variable,
} from '@tensorflow/tfjs-core';
import { layers, type LayersModel } from '@tensorflow/tfjs-layers';
import {
  checkpoints,
  gradientAccumulation,
  type FitOptions,
  type LossContext,
  memoryCheckpoints,
  type Plugin,
  prepareCompression,
  setLearningRate,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it, vi } from 'vitest';
import { GraphProgram } from '../../../packages/node/src/compiled/GraphProgram.js';
import { nativeBackend } from '../../../packages/node/src/compiled/binding.js';
import { allow } from '../../setup/guards.js';
import { agreed, batchAt, farthest, NATIVE, networkOf, trained } from './rig.js';

describe.runIf(NATIVE)('a compiled step', () => {
  it('gives the losses and weights of an eager one, the teacher live in the same graph', async () => {
    const report = await agreed(() => ({}));
    expect(report).toEqual({ eager: 2, replayed: 1, compiled: 47, reasons: [] });
  });

  it.each([
    ['sgd', () => train.sgd(0.05)],
    ['momentum', () => train.momentum(0.005, 0.9)],
    ['adagrad', () => train.adagrad(0.05)],
    ['adadelta', () => train.adadelta(0.05)],
    ['adam', () => train.adam(0.01)],
    ['adamax', () => train.adamax(0.01)],
    ['rmsprop', () => train.rmsprop(0.001)],
  ])('does so with %s', async (name, optimizer) => {
    if (name === 'momentum') allow('tensors'); // TensorFlow.js does not free its learning rate
    expect((await agreed(() => ({ optimizer, steps: 20 }))).compiled).toBeGreaterThan(14);
  });

  it("updates batch norm's statistics", async () => {
    const student = () => networkOf(1, [layers.batchNormalization({ momentum: 0.9 })]);
    expect((await agreed(() => ({ student }))).compiled).toBe(47);
  });

  it('drops other units at every step, and the same ones when the run is repeated', async () => {
    const student = () => networkOf(1, [layers.dropout({ rate: 0.5 })]);
    const batch = () => batchAt(1);
    // the same batch and a learning rate of 0: only the mask differs
    const run = () => trained({ student, before: batch, steps: 30, optimizer: () => train.sgd(0) });
    const first = await run();
    expect(first.report).toMatchObject({ eager: 1, compiled: 28 });
    expect(new Set(first.losses.slice(2)).size).toBe(28);
    expect((await run()).losses).toEqual(first.losses);
  });

  it('draws dropout and noise as TensorFlow.js does: the share that is dropped, the spread', async () => {
    const student = () =>
      networkOf(1, [layers.dropout({ rate: 0.25 }), layers.gaussianNoise({ stddev: 0.3 })]);
    const options = { student, before: () => batchAt(1, 64), steps: 80, optimizer: () => train.sgd(0) };
    const [eager, compiled] = [await trained({ ...options, stepRunner: 'eager' }), await trained(options)];
    expect(compiled.report?.compiled).toBeGreaterThan(70);
    const [ours, theirs] = [momentsOf(compiled.losses.slice(5)), momentsOf(eager.losses.slice(5))];
    expect(Math.abs(ours.mean - theirs.mean)).toBeLessThan((4 * theirs.deviation) / Math.sqrt(75));
    expect(ours.deviation / theirs.deviation).toBeGreaterThan(0.6);
    expect(ours.deviation / theirs.deviation).toBeLessThan(1.7);
  });

  it('keeps a mask that a seed fixes', async () => {
    const student = () => networkOf(1, [layers.dropout({ rate: 0.5, seed: 3 })]);
    expect((await agreed(() => ({ student }))).compiled).toBe(47);
  });

  it('follows a learning rate that changes at every step, without JavaScript', async () => {
    const before = (step: number, { optimizer }: { optimizer: Parameters<typeof setLearningRate>[0] }) =>
      setLearningRate(optimizer, 0.01 / (1 + step));
    const report = await agreed(() => ({ before }));
    expect(report.compiled).toBe(47);
    await agreed(() => ({ before, optimizer: () => train.sgd(0.1) }));
  });

  it('follows schedules of temperature and weights, by the step and by the epoch, without JavaScript', async () => {
    const schedules = () => ({
      criterion: knowledgeDistillation({
        temperature: ({ globalStep }) => 10 - globalStep / 10,
        alpha: ({ epoch, step }) => 0.2 + 0.1 * epoch + 0.01 * step,
      }),
      stepsPerEpoch: 10,
    });
    const report = await agreed(schedules);
    expect(report.eager).toBe(2);
    expect(report.compiled).toBeGreaterThan(35);
    expect((await agreed(() => ({ ...schedules(), stepsPerCall: 4 }))).compiled).toBe(report.compiled);
    const late = ({ globalStep }: { globalStep: number }) => (globalStep < 30 ? 4 : 8);
    const once = await agreed(() => ({ criterion: knowledgeDistillation({ temperature: late }) }));
    expect(once.compiled).toBeGreaterThan(40);
  });

  it('runs JavaScript where a schedule comes to 0 or 1: terms are left out there', async () => {
    const clamped = ({ globalStep }: { globalStep: number }) =>
      Math.min(1, Math.max(0, (globalStep - 10) / 20));
    const report = await agreed(() => ({ criterion: knowledgeDistillation({ alpha: clamped }) }));
    expect(report.compiled).toBeGreaterThan(20);
  });

  it('sees a schedule that begins to move when another has long been moving', async () => {
    const criterion = () =>
      knowledgeDistillation({
        temperature: ({ globalStep }) => 2 + globalStep / 10,
        alpha: ({ globalStep }) => (globalStep < 20 ? 0.5 : globalStep < 40 ? 0.25 : 0.3),
      });
    const report = await agreed(() => ({ criterion: criterion() }));
    expect(report.compiled).toBeGreaterThan(10);
  });

  it('runs JavaScript at each value of a schedule for a criterion that may branch on it', async () => {
    const criterion = () => ({
      type: 'mine',
      compute: (ctx: LossContext) => {
        const temperature = ctx.knob(({ globalStep }) => 1.5 + globalStep / 10);
        return mul<Scalar>(ctx.taskLoss, temperature < 4 ? temperature : 4); // bends where no one has looked before
      },
    });
    const report = await agreed(() => ({ criterion: criterion() }));
    expect(report).toMatchObject({ eager: 2, replayed: 48, compiled: 0 });
  });

  it('sees a criterion or an optimizer that is changed from outside', async () => {
    const make = () => {
      const criterion = knowledgeDistillation({ alpha: 0.3 }) as { taskWeight: number };
      const optimizer = train.adam(0.01) as unknown as { beta1: number };
      const before = (step: number) => {
        if (step === 20) criterion.taskWeight = 0.9;
        if (step === 30) optimizer.beta1 = 0.5;
      };
      return { criterion: criterion as never, optimizer: () => optimizer as never, before };
    };
    await agreed(make);
  });

  it('has a graph for each batch size, sample weights and labels or none', async () => {
    const before = (step: number) => {
      const { x, y } = batchAt(step, [8, 8, 3][step % 3]);
      return step % 5 === 4 ? (y.dispose(), { x }) : { x, y };
    };
    const criterion = () => knowledgeDistillation({ alpha: 0 });
    const report = await agreed(() => ({ before, criterion: criterion() }));
    expect(report.compiled).toBeGreaterThan(30);
  });

  it('calls hooks inside the step as ever, where they are not declared traceable', async () => {
    const calls: number[] = [];
    const clip: Plugin = {
      name: 'clip',
      onAfterComputeLoss: (loss) => mul(loss, 1.5),
      onBeforeOptimizerStep: (grads) => scaled(grads, 0.5),
      onAfterOptimizerStep: () => void calls.push(0),
    };
    const report = await agreed(() => ({ plugins: [clip] }));
    expect(calls.length).toBe(100);
    expect(report).toMatchObject({ eager: 2, replayed: 48 });
    expect(report.reasons).toEqual([
      'JavaScript runs at every step: plugin "clip" is not declared traceable',
    ]);
  });

  it('leaves the hooks of traceable plugins to the graph', async () => {
    let calls = 0;
    const clip: Plugin = {
      name: 'clip',
      traceable: true,
      onBeforeOptimizerStep: (grads) => (calls++, scaled(grads, 0.5)),
    };
    expect((await agreed(() => ({ plugins: [clip] }))).compiled).toBe(47);
    expect(calls).toBe(50 + 3);
  });

  it('carries what a hook keeps from step to step', async () => {
    const make = () => {
      let average: Tensor | undefined;
      const plugin: Plugin = {
        name: 'average',
        onAfterComputeLoss: (loss) => {
          const next: Tensor = keep(average ? add(mul(average, 0.9), mul(loss, 0.1)) : mul(loss, 0.1));
          average?.dispose();
          average = next;
          return sub<Scalar>(loss, mul(average, 0.01));
        },
        dispose: () => average?.dispose(),
      };
      return { plugins: [plugin] };
    };
    expect((await agreed(make)).replayed).toBeGreaterThan(44);
  });

  it('runs eagerly where a hook reads what the step computes, and says so once', async () => {
    const reader: Plugin = {
      name: 'reader',
      onBeforeOptimizerStep: (grads) => scaled(grads, Object.values(grads)[0]!.dataSync()[0]! > 0 ? 1 : 0.5),
    };
    allow('dataSync');
    const report = await agreed(() => ({ plugins: [reader] }));
    expect(report).toMatchObject({ eager: 50, reasons: [expect.stringMatching(/a result of \w+ is read/)] });
    const strict = trained({ plugins: [reader], stepRunner: 'compiled' });
    await expect(strict).rejects.toThrow(/reader.*onBeforeOptimizerStep|onBeforeOptimizerStep.*reader/);
    allow('tensors'); // of the training that threw
  });

  it('runs eagerly where a criterion says that it cannot be traced', async () => {
    const criterion = () => ({ ...knowledgeDistillation(), traceable: false });
    const report = await agreed(() => ({ criterion: criterion(), steps: 10 }));
    expect(report).toMatchObject({ eager: 10, reasons: ['criterion "kd" is declared not traceable'] });
  });

  it('goes on from weights that were changed between steps, and can be read after each', async () => {
    const before = (step: number, { variables }: { variables: Variable[] }) => {
      const [kernel] = variables as [Variable];
      if (step % 7 === 0) kernel.assign(mul(kernel, 1)); // another tensor
      expect([...kernel.dataSync()].every(Number.isFinite)).toBe(true);
    };
    await agreed(() => ({ before: (step, manager) => void tidy(() => before(step, manager)) }));
  });

  it('uses new teacher weights at once', async () => {
    const make = () => {
      const teacher = networkOf(9);
      const before = (step: number) => {
        if (step === 20) tidy(() => teacher.setWeights(teacher.getWeights().map((w: Tensor) => mul(w, 2))));
      };
      return { teacher, before, plugins: [{ name: 'owner', dispose: () => void teacher.dispose() }] };
    };
    await agreed(make);
  });

  it.each([2, 8])('runs %d steps in one call', async (stepsPerCall) => {
    const plain = await trained({ stepRunner: 'eager', steps: 64, unwatched: true });
    const calls = vi.spyOn(GraphProgram.prototype, 'run');
    const grouped = await trained({ stepsPerCall, steps: 64, unwatched: true });
    const count = calls.mock.calls.length;
    calls.mockRestore();
    expect(farthest(plain.weights, grouped.weights)).toBeLessThan(1e-5);
    expect(grouped.report?.compiled).toBe(61);
    expect(count).toBeLessThan(64 / stepsPerCall + 8);
  });

  it('catches up where somebody looks between the steps of a call', async () => {
    await agreed(() => ({ stepsPerCall: 8 })); // whose losses are read after each step
    const before = (step: number, { variables }: { variables: Variable[] }) => {
      if (step % 5 === 0) tidy(() => variables[0]!.assign(mul(variables[0]!, 0.99)));
    };
    await agreed(() => ({ stepsPerCall: 8, before, unwatched: true }));
  });

  it('keeps trainings apart that run at the same time', async () => {
    const alone = await trained({ stepRunner: 'eager', unwatched: true });
    const run = () => trained({ stepsPerCall: 8, unwatched: true, counted: false });
    for (const { weights } of await Promise.all([run(), run()])) {
      expect(farthest(alone.weights, weights)).toBeLessThan(1e-5);
    }
  });

  it("goes on with an optimizer's restored slots", async () => {
    const make = () => {
      const optimizer = train.adam(0.01);
      let old: Tensor[] = [];
      const restore: Plugin = {
        name: 'restore',
        onStepBegin: async ({ globalStep }) => {
          if (globalStep !== 20) return;
          const saved = await optimizer.getWeights();
          old = saved.map(({ tensor }) => tensor);
          const halved = saved.map(({ name, tensor }, i) => ({
            name,
            tensor: i === 0 ? tensor : mul(tensor, 0.5),
          }));
          await optimizer.setWeights(halved);
          dispose(halved.map(({ tensor }) => tensor));
          dispose(old);
        },
      };
      return { optimizer: () => optimizer, plugins: [restore] };
    };
    expect((await agreed(make)).compiled).toBeGreaterThan(44);
  });

  it.each([
    ['whole steps', () => []],
    ['steps split at a plugin', () => [gradientAccumulation({ steps: 2 })]],
  ])('resumes from a checkpoint as if nothing had happened, to rounding: %s', async (_, splitting) => {
    const batches = Array.from({ length: 6 }, (_, i) => batchAt(i));
    const fitted = async (plugins: Plugin[], options: FitOptions) => {
      const [student, teacher] = [networkOf(1), networkOf(7)];
      const criterion = knowledgeDistillation();
      const manager = prepareCompression(student, {
        teacher,
        criterion,
        optimizer: train.adam(0.01),
        plugins: [...splitting(), ...plugins],
      });
      try {
        await manager.fit(batches, { epochs: 4, ...options });
        const values = await Promise.all(student.getWeights().map((weight: Tensor) => weight.data()));
        return values.flatMap((some) => [...some]);
      } finally {
        for (const part of [manager, student, teacher]) void part.dispose();
      }
    };
    const dir = memoryCheckpoints();
    const killer: Plugin = {
      name: 'killer',
      onStepBegin: ({ globalStep }) => {
        if (globalStep === 15) throw new Error('killed');
      },
    };
    const whole = await fitted([], {});
    await expect(fitted([killer, checkpoints({ dir })], {})).rejects.toThrow('killed');
    expect(farthest(whole, await fitted([], { resume: dir }))).toBeLessThan(1e-4);
    dispose(batches.flatMap(({ x, y }) => [x as Tensor, y]));
  });

  it('frees its graphs with the manager', async () => {
    const { binding } = nativeBackend()!;
    const before = binding.getNumOfSavedModels();
    await trained({ steps: 10 });
    expect(binding.getNumOfSavedModels()).toBe(before);
  });
});

it.skipIf(NATIVE)("refuses `stepRunner: 'compiled'` where no engine can", () => {
  const student: LayersModel = networkOf(1);
  const make = () =>
    prepareCompression(student, {
      teacher: student,
      criterion: knowledgeDistillation(),
      stepRunner: 'compiled',
    });
  expect(make).toThrow(/Expected `stepRunner` to be auto or eager here/);
  student.dispose();
});

function scaled(grads: NamedTensorMap, factor: number): NamedTensorMap {
  return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, mul(grad, factor)]));
}

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
