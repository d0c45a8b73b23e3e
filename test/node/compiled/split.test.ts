import { mul, type NamedTensorMap, tensor, type Variable } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { gradientAccumulation, gradientClipping, type Plugin, termDiagnostics } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { allow } from '../../setup/guards.js';
import { agreed, farthest, NATIVE, networkOf, trained } from './rig.js';

const between = (name: string) => `plugin "${name}" runs between two graphs: it is declared not traceable`;

/** Takes the gradients through JavaScript, as an all-reduce does. */
function reduceInJavaScript(name = 'reduce', seen: number[] = []): Plugin {
  return {
    name,
    traceable: false,
    onBeforeOptimizerStep: (grads) =>
      mapped(grads, (values) => (seen.push(values[0]!), values.map((v) => v / 2))),
  };
}

describe.runIf(NATIVE)('a step split at a plugin that is not traceable', () => {
  it('gives the losses and weights of an eager one, and the plugin the true gradients', async () => {
    allow('dataSync');
    const seen: number[][] = [];
    const report = await agreed(() => {
      const mine: number[] = [];
      seen.push(mine);
      return { plugins: [reduceInJavaScript('reduce', mine)] };
    });
    expect(report).toEqual({ eager: 2, replayed: 1, compiled: 47, reasons: [between('reduce')] });
    const [eager, compiled] = seen as [number[], number[]];
    expect(eager.length).toBe(200);
    expect(farthest(eager, compiled)).toBeLessThan(1e-5);
  });

  it('is allowed where only compiled steps are', async () => {
    allow('dataSync');
    const { report } = await trained({ plugins: [reduceInJavaScript()], stepRunner: 'compiled', steps: 10 });
    expect(report?.compiled).toBe(7);
  });

  it('has as many parts as there are such plugins, whatever comes between them', async () => {
    allow('dataSync');
    const norms: number[] = [];
    const plugins = () => [
      reduceInJavaScript('first'),
      gradientClipping({ norm: 0.5 }),
      reduceInJavaScript('second'),
      reduceInJavaScript('third'),
      {
        name: 'weights',
        traceable: false,
        onAfterOptimizerStep: ({ student }) =>
          void norms.push((student.variables[0] as Variable).dataSync()[0]!),
      } satisfies Plugin,
    ];
    const student = () => networkOf(1, [layers.batchNormalization({ momentum: 0.9 })]);
    const report = await agreed(() => ({ plugins: plugins(), student }));
    expect(report).toMatchObject({
      compiled: 47,
      reasons: ['first', 'second', 'third', 'weights'].map(between),
    });
    expect(farthest(norms.slice(0, 50), norms.slice(50))).toBeLessThan(1e-5);
  });

  it('goes on as the plugin says: with fewer gradients, with none', async () => {
    const report = await agreed(() => ({ plugins: [gradientAccumulation({ steps: 3 })] }));
    expect(report.reasons).toEqual([between('gradient-accumulation')]);
    expect(report.compiled).toBeGreaterThan(40);
    const every: Plugin = {
      name: 'every other',
      traceable: false,
      onBeforeOptimizerStep: (grads, { globalStep }) =>
        Object.fromEntries(Object.entries(grads).slice(globalStep % 2)),
    };
    await agreed(() => ({ plugins: [every, gradientClipping({ norm: 0.5 })] }));
  });

  it('is split inside the gradient tape too, and replayed', async () => {
    const scale: Plugin = {
      name: 'scale',
      traceable: false,
      onAfterComputeLoss: (loss, { globalStep }) => mul(loss, 1 / (1 + globalStep)),
    };
    const report = await agreed(() => ({ plugins: [scale] }));
    expect(report).toMatchObject({
      eager: 2,
      replayed: 48,
      reasons: [
        between('scale'),
        'JavaScript runs at every step: gradients go through plugin "scale", which is not declared traceable',
      ],
    });
  });

  it('tells term diagnostics what an eager step tells them', async () => {
    const logged: number[][] = [];
    const make = () => {
      const mine: number[] = [];
      logged.push(mine);
      const reader: Plugin = {
        name: 'reader',
        onEpochEnd: ({ logs }) =>
          void mine.push(
            ...Object.keys(logs)
              .sort()
              .filter((key) => key.includes('.'))
              .map((key) => logs[key]!),
          ),
      };
      return { plugins: [termDiagnostics({ every: 4 }), reader], stepsPerEpoch: 12 };
    };
    const report = await agreed(make);
    expect(report.replayed).toBeGreaterThan(40);
    const [eager, compiled] = logged as [number[], number[]];
    expect(eager.length).toBeGreaterThan(20);
    expect(farthest(eager, compiled)).toBeLessThan(1e-5);
  });

  it('drops the same units when the run is repeated', async () => {
    const student = () => networkOf(1, [layers.dropout({ rate: 0.5 })]);
    const observer: Plugin = { name: 'observer', traceable: false, onBeforeOptimizerStep: () => undefined };
    const run = () => trained({ student, plugins: [observer], steps: 30 });
    const [first, second] = [await run(), await run()];
    expect(first.report?.compiled).toBe(27);
    expect(second.weights).toEqual(first.weights);
  });
});

/** New tensors of the same shapes, their values made in JavaScript. */
function mapped(grads: NamedTensorMap, change: (values: Float32Array) => Float32Array): NamedTensorMap {
  return Object.fromEntries(
    Object.entries(grads).map(([name, grad]) => [
      name,
      tensor(change(grad.dataSync() as Float32Array), grad.shape),
    ]),
  );
}
