import { readFileSync } from 'node:fs';
import { randomNormal, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fitNets, severalPairs } from '../../packages/examples/src/hints/snippet.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Parts of the snippet file between its marks, their indentation taken off. */
function snippets(): string[] {
  const parts = read('packages/examples/src/hints/snippet.ts').matchAll(
    /\/\/ Begin-(\w+)\n([\s\S]*?)\n {2}\/\/ End-\1/g,
  );
  return [...parts].map(([, , body = '']) => body.replaceAll(/^ {2}/gm, ''));
}

let teacher: LayersModel;
let student: LayersModel;
let data: { x: Tensor; y: Tensor };
beforeEach(() => {
  teacher = network(4, ['block1', 'block2', 'embedding']);
  student = network(2, ['conv1', 'conv2', 'hidden']);
  data = {
    x: randomNormal([8, 8, 8, 1], 0, 1, 'float32', 1),
    y: tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'),
  };
});
afterEach(() => {
  teacher.dispose();
  student.dispose();
});

function network(filters: number, [first, second, third]: readonly [string, string, string]): LayersModel {
  const model = sequential();
  model.add(layers.conv2d({ name: first, filters, kernelSize: 3, strides: 2, inputShape: [8, 8, 1] }));
  model.add(layers.conv2d({ name: second, filters: 2 * filters, kernelSize: 3 }));
  model.add(layers.flatten());
  model.add(layers.dense({ name: third, units: 3 * filters, activation: 'tanh' }));
  model.add(layers.dense({ name: 'logits', units: 3 }));
  return model;
}

describe('docs/intermediate-layers.md', () => {
  it('shows only code that is compiled and run by these tests', () => {
    const blocks = [...read('docs/intermediate-layers.md').matchAll(/```ts\n([\s\S]*?)```/g)];
    expect(blocks.map(([, code = '']) => code.trim())).toEqual(snippets());
  });

  it('trains several pairs at once', async () => {
    const { epochs } = await severalPairs(student, teacher, data);
    expect(epochs[2]!['loss']).toBeLessThan(epochs[0]!['loss']!);
    expect(Object.keys(epochs[0]!)).toEqual(
      expect.arrayContaining(['conv1-block1', 'conv2-block2', 'hidden-embedding']),
    );
  });

  it('trains as FitNets does', async () => {
    const { epochs } = await fitNets(student, teacher, data);
    expect(epochs.map(({ stage }) => stage)).toEqual([0, 0, 1, 1, 1]);
  });
});
