import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { prepareCompression } from '@tfjs-distill/core';
import { lossesModule } from '@tfjs-distill/losses';
import { fileSystem, openModel } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveGraphModel } from '../models/graphModel.js';
import { distillHere } from './distillHere.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'distill-layers-'))));
afterEach(() => rm(folder, { recursive: true }));

async function saved(name: string, filters: number): Promise<string> {
  const model = sequential({ name });
  model.add(layers.conv2d({ name: 'conv1', filters, kernelSize: 3, padding: 'same', inputShape: [8, 8, 1] }));
  model.add(layers.maxPooling2d({ name: 'pool', poolSize: 2 }));
  model.add(layers.conv2d({ name: 'conv2', filters: 2 * filters, kernelSize: 3, padding: 'same' }));
  model.add(layers.flatten({ name: 'flat' }));
  model.add(layers.dense({ name: 'logits', units: 3 }));
  const to = path.join(folder, name);
  await model.save(fileSystem(to));
  model.dispose();
  return to;
}

describe('distill layers', () => {
  it('prints names, classes, shapes and parameters', async () => {
    const { out } = await distillHere('layers', await saved('student', 100));
    expect(out).toMatch(/│ layer +│ class +│ output +│ parameters │/);
    expect(out).toMatch(/│ conv2 +│ Conv2D +│ \? × 4 × 4 × 200 +│ +180,200 │/);
    expect(out).toMatch(/│ flat +│ Flatten +│ \? × 3200 +│ +0 │/);
  });

  it('prints them as JSON', async () => {
    const { out } = await distillHere('layers', await saved('student', 2), '--json');
    expect(JSON.parse(out)).toContainEqual({
      name: 'conv1',
      kind: 'Conv2D',
      shape: [null, 8, 8, 2],
      parameters: 20,
    });
  });

  it('lists the nodes of a graph', async () => {
    await saveGraphModel(folder);
    const { out } = await distillHere('layers', folder, '--json');
    expect(JSON.parse(out)).toEqual([
      { name: 'x', shape: [null, 2] },
      { name: 'hidden', shape: [null, 2] },
      { name: 'logits', shape: [null, 3] },
    ]);
  });

  it('proposes mappings as code and as JSON', async () => {
    const { out } = await distillHere('layers', await saved('teacher', 4), await saved('student', 2));
    expect(out.split('\n').slice(0, 6)).toEqual([
      'intermediateLayers({',
      '  mappings: [',
      "    { student: 'conv1', teacher: 'conv1' }, // ? × 8 × 8 × 2  →  ? × 8 × 8 × 4",
      "    { student: 'conv2', teacher: 'conv2' }, // ? × 4 × 4 × 4  →  ? × 4 × 4 × 8",
      '  ],',
      '})',
    ]);
  });

  it('proposes what a configuration can be made of', async () => {
    const [teacherAt, studentAt] = [await saved('teacher', 4), await saved('student', 2)];
    const { out } = await distillHere('layers', teacherAt, studentAt, '--json');
    const [teacher, student] = [await openModel(teacherAt), await openModel(studentAt)];
    const criterion = JSON.parse(out) as { type: string };
    const manager = prepareCompression(student as never, { teacher, criterion, modules: [lossesModule] });
    expect(manager.taps).toEqual(['conv1', 'conv2']);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('says in one line what is wrong with a path', async () => {
    const { out, err } = await distillHere('layers', `${folder}/none`);
    expect(out).toBe('');
    expect(err).toMatch(/^openModel: There is no model at .*none\. Give the folder .*\n$/);
  });
});
