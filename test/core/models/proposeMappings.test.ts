import {
  input,
  layers,
  type LayersModel,
  model,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { prepareCompression, proposeMappings, type TappableLayer, tappableLayers } from '@tfjs-distill/core';
import { intermediateLayers } from '@tfjs-distill/losses';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let made: LayersModel[];
beforeEach(() => void (made = []));
afterEach(() => {
  for (const one of made) one.dispose();
});
const keep = (one: LayersModel): LayersModel => (made.push(one), one);

const apply = (layer: { apply(x: SymbolicTensor | SymbolicTensor[]): unknown }, ...x: SymbolicTensor[]) =>
  layer.apply(x.length === 1 ? x[0]! : x) as SymbolicTensor;

const pairs = (teacher: LayersModel, student: LayersModel) =>
  proposeMappings(tappableLayers(teacher), tappableLayers(student)).map((mapping) => [
    mapping.student,
    mapping.teacher,
  ]);

/** Keras's MNIST networks: two strided convolutions. */
function keras(name: string, [first, second]: readonly [number, number]): LayersModel {
  const kernel = { kernelSize: 3, strides: 2, padding: 'same' } as const;
  const one = sequential({ name });
  one.add(layers.conv2d({ ...kernel, name: 'conv1', filters: first, inputShape: [28, 28, 1] }));
  one.add(layers.leakyReLU({ name: 'relu' }));
  one.add(layers.maxPooling2d({ name: 'pool', poolSize: 2, strides: 1, padding: 'same' }));
  one.add(layers.conv2d({ ...kernel, name: 'conv2', filters: second }));
  one.add(layers.flatten({ name: 'flat' }));
  one.add(layers.dense({ name: 'logits', units: 10 }));
  return keep(one);
}

/** Three stages of two residual blocks each, 16 × 16 to 4 × 4, then an embedding. */
function resNet(): LayersModel {
  const x = input({ shape: [16, 16, 3], name: 'image' });
  let out = apply(layers.conv2d({ name: 'stem', filters: 4, kernelSize: 3, padding: 'same' }), x);
  for (let stage = 1; stage <= 3; stage++) {
    for (let block = 1; block <= 2; block++) {
      const strides = stage > 1 && block === 1 ? 2 : 1;
      const conv = { filters: 4 * stage, kernelSize: 3, padding: 'same' } as const;
      const name = `stage${stage}_block${block}`;
      const inner = apply(
        layers.batchNormalization({ name: `${name}_norm` }),
        apply(layers.conv2d({ ...conv, strides, name: `${name}_conv` }), out),
      );
      const short =
        strides === 1 && stage === 1
          ? out
          : apply(layers.conv2d({ ...conv, strides, kernelSize: 1, name: `${name}_short` }), out);
      out = apply(
        layers.reLU({ name: `${name}_out` }),
        apply(layers.add({ name: `${name}_add` }), inner, short),
      );
    }
  }
  const embedding = apply(layers.globalAveragePooling2d({ name: 'embedding' }), out);
  return keep(model({ inputs: x, outputs: apply(layers.dense({ name: 'logits', units: 10 }), embedding) }));
}

function smallCnn(): LayersModel {
  const one = sequential({ name: 'small' });
  const conv = { kernelSize: 3, padding: 'same', filters: 2 } as const;
  one.add(layers.conv2d({ ...conv, name: 'c1', inputShape: [16, 16, 3] }));
  one.add(layers.maxPooling2d({ name: 'p1', poolSize: 2 }));
  one.add(layers.conv2d({ ...conv, name: 'c2' }));
  one.add(layers.maxPooling2d({ name: 'p2', poolSize: 2 }));
  one.add(layers.conv2d({ ...conv, name: 'c3' }));
  one.add(layers.globalAveragePooling2d({ name: 'mean' }));
  one.add(layers.dropout({ name: 'drop', rate: 0.1 }));
  one.add(layers.dense({ name: 'logits', units: 10 }));
  return keep(one);
}

/** Post-norm blocks over a sequence of one width: dense → add → norm. */
function transformer(blocks: number, width: number): LayersModel {
  const x = input({ shape: [12, 5], name: 'tokens' });
  let out = apply(layers.dense({ name: 'embed', units: width }), x);
  for (let i = 1; i <= blocks; i++) {
    const inner = apply(
      layers.dense({ name: `b${i}_out`, units: width }),
      apply(layers.dense({ name: `b${i}_in`, units: 2 * width }), out),
    );
    out = apply(
      layers.batchNormalization({ name: `b${i}_norm` }),
      apply(layers.add({ name: `b${i}_add` }), out, inner),
    );
  }
  const pooled = apply(layers.globalAveragePooling1d({ name: 'pooled' }), out);
  return keep(model({ inputs: x, outputs: apply(layers.dense({ name: 'logits', units: 3 }), pooled) }));
}

describe('proposeMappings', () => {
  it('pairs the stages of the MNIST networks', () => {
    expect(pairs(keras('teacher', [8, 16]), keras('student', [2, 4]))).toEqual([
      ['pool', 'pool'],
      ['conv2', 'conv2'],
    ]);
  });

  it('pairs stage ends of one size, and the embeddings', () => {
    expect(pairs(resNet(), smallCnn())).toEqual([
      ['c1', 'stage1_block2_out'],
      ['c2', 'stage2_block2_out'],
      ['c3', 'stage3_block2_out'],
      ['mean', 'embedding'],
    ]);
  });

  it('pairs every n-th block where the size never changes', () => {
    expect(pairs(transformer(4, 8), transformer(2, 4))).toEqual([
      ['b1_norm', 'b2_norm'],
      ['b2_norm', 'b4_norm'],
      ['pooled', 'pooled'],
    ]);
  });

  it('pairs hidden layers of perceptrons by depth', () => {
    const mlp = (widths: number[]) => {
      const one = sequential();
      widths.forEach((units, i) =>
        one.add(layers.dense({ name: `d${i + 1}`, units, ...(i === 0 && { inputShape: [4] }) })),
      );
      one.add(layers.dense({ name: 'logits', units: 2 }));
      return keep(one);
    };
    expect(pairs(mlp([32, 32, 32, 32]), mlp([8, 8]))).toEqual([
      ['d1', 'd2'],
      ['d2', 'd4'],
    ]);
  });

  it('takes what is between two matches from between them', () => {
    const maps = (...sizes: number[]): TappableLayer[] => [
      ...sizes.map((size) => ({ name: `m${size}`, shape: [null, size, size, 3] })),
      { name: 'logits', shape: [null, 10] },
    ];
    const named = (teacher: TappableLayer[], student: TappableLayer[]) =>
      proposeMappings(teacher, student).map((mapping) => `${mapping.student}-${mapping.teacher}`);
    expect(named(maps(28, 14, 7), maps(28, 12, 7))).toEqual(['m28-m28', 'm12-m14', 'm7-m7']);
    expect(named(maps(14, 7), maps(28, 14, 7))).toEqual(['m14-m14', 'm7-m7']); // the first has no partner left
  });

  it('proposes what can be trained, as it stands', () => {
    const [teacher, student] = [resNet(), smallCnn()];
    const mappings = proposeMappings(tappableLayers(teacher), tappableLayers(student));
    const criterion = intermediateLayers({ mappings: mappings.map((one) => [one.student, one.teacher]) });
    const manager = prepareCompression(student, { teacher, criterion });
    expect(manager.taps).toEqual(['c1', 'c2', 'c3', 'mean']);
    manager.dispose();
  });

  it('keeps the order of both sides and uses no layer twice, whatever the shapes', () => {
    const shape = fc.oneof(
      fc.tuple(fc.constant(null), fc.integer({ min: 1, max: 3 })),
      fc.tuple(fc.constant(null), fc.integer({ min: 1, max: 3 }), fc.constant(4)),
      fc.tuple(fc.constant(null), fc.integer({ min: 1, max: 3 }), fc.constant(2), fc.constant(4)),
    );
    const side = fc
      .array(shape, { maxLength: 8 })
      .map((shapes) => shapes.map((one, i) => ({ name: `${i}`, shape: one })));
    fc.assert(
      fc.property(side, side, (teacher, student) => {
        const proposed = proposeMappings(teacher, student);
        for (const rank of [2, 3, 4]) {
          const places = proposed.filter(({ studentShape }) => studentShape.length === rank);
          for (const key of ['student', 'teacher'] as const) {
            const order = places.map((one) => Number(one[key]));
            expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
          }
        }
        expect(proposed.every((one) => one.studentShape.length === one.teacherShape.length)).toBe(true);
      }),
    );
  });
});
