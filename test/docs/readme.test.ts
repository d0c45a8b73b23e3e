import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memory, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { HOOK_KINDS } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { withCustomCriterion } from '../../packages/examples/src/snippets/customCriterion.js';
import { fitWithTwoCriteria } from '../../packages/examples/src/snippets/fit.js';
import { ownLoop } from '../../packages/examples/src/snippets/ownLoop.js';
import { mlp, problem, weightsOf } from '../fixtures/models.js';

const ROOT = join(import.meta.dirname, '../..');
const SNIPPETS = join(ROOT, 'packages/examples/src/snippets');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The marked part of each snippet file, its indentation taken off. */
function examples(): string[] {
  return readdirSync(SNIPPETS).map((file) => {
    const text = readFileSync(join(SNIPPETS, file), 'utf8');
    const [, body = ''] = /\/\/ Begin-example\n([\s\S]*?)\n {2}\/\/ End-example/.exec(text) ?? [];
    return body.replaceAll(/^ {2}/gm, '');
  });
}

/** Code blocks of a document, without the imports that a file has at its top. */
function codeBlocks(text: string): string[] {
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  return blocks.map((code) => code.replaceAll(/^import .*\n/gm, '').trim());
}

describe('the README', () => {
  it('shows only code that is compiled and run by these tests', () => {
    expect(codeBlocks(readme).length).toBe(examples().length);
    for (const block of codeBlocks(readme)) expect(examples()).toContain(block);
  });

  it('shows the configuration that a test of runs reads', () => {
    const [, shown] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const file = readFileSync(join(ROOT, 'packages/examples/configs/npm-start.yaml'), 'utf8');
    expect(shown).toBe(file.replaceAll(/^#.*\n/gm, ''));
  });

  it('lists every hook with its kind', () => {
    for (const [name, kind] of Object.entries(HOOK_KINDS)) {
      expect(readme).toMatch(new RegExp(`\\| \`${name}\` +\\| [^|]*${kind}`));
    }
  });
});

function convolutional(filters: number, names: string[]): LayersModel {
  return sequential({
    layers: [
      ...names.map((name, i) =>
        layers.conv2d({
          name,
          filters,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
          ...(i === 0 && { inputShape: [4, 4, 1] }),
        }),
      ),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
  });
}

describe('the examples of the README', () => {
  it('distil in a loop of one’s own, without a leak', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const before = await weightsOf(student);
    const batches = [problem(8, 1), problem(8, 2)];
    const tensors = memory().numTensors;
    await ownLoop(student, teacher, batches, 2);
    expect(memory().numTensors).toBe(tensors);
    expect(await weightsOf(student)).not.toEqual(before);
    teacher.dispose();
    student.dispose();
  });

  it('fit with two criteria, a schedule and a plugin', async () => {
    const student = convolutional(2, ['block1', 'block2']);
    const teacher = convolutional(4, ['block1', 'block2', 'block3', 'block4']);
    const { epochs } = await fitWithTwoCriteria(student, teacher, {
      x: zeros([4, 4, 4, 1]),
      y: tensor1d([0, 1, 2, 0], 'int32'),
    });
    expect(epochs).toHaveLength(10);
    expect(Object.keys(epochs[0]!)).toEqual(
      expect.arrayContaining(['loss', 'task', 'kd', 'at', 'val_accuracy']),
    );
    teacher.dispose();
    student.dispose();
  });

  it('name a criterion of one’s own from JSON', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = withCustomCriterion(student, teacher);
    const { epochs } = await manager.fit(problem(8));
    expect(Object.keys(epochs[0]!)).toEqual(expect.arrayContaining(['kd', 'huber-logits']));
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });
});
