import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { type GraphModel } from '@tensorflow/tfjs-converter';
import { memory, type Tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { type GraphModelLike, liveTeacher, prepareCompression } from '@tfjs-distill/core';
import { hint } from '@tfjs-distill/losses';
import { fileSystem } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { saveGraphModel } from '../../node/models/graphModel.js';

let graph: GraphModel;
let student: Sequential;
beforeEach(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'distill-graph-'));
  await saveGraphModel(folder); // x → hidden = 2 x → logits = hidden · kernel
  graph = await loadGraphModel(fileSystem(folder));
  await rm(folder, { recursive: true });
  student = sequential();
  student.add(layers.dense({ name: 'small', units: 5, inputShape: [2] }));
  student.add(layers.dense({ name: 'logits', units: 3 }));
});
afterEach(() => {
  graph.dispose();
  student.dispose();
});

const numbers = async (tensor: Tensor): Promise<number[]> => [...(await tensor.data())];
const x = () => tensor2d([[1, 2]]);

describe('a graph model as teacher', () => {
  it('gives the outputs of named nodes in the same pass', async () => {
    const execute = vi.spyOn(graph, 'execute');
    const { logits, features } = await liveTeacher(graph).outputs({ x: x() }, ['hidden']);
    expect(await numbers(logits)).toEqual([4, 6, 8]);
    expect(await numbers(features['hidden']!)).toEqual([2, 4]);
    expect(execute).toHaveBeenCalledOnce();
  });

  it('finds out the shapes of its nodes, those of samples only', () => {
    const { signature } = liveTeacher(graph);
    expect(signature.features).toEqual({ x: [null, 2], hidden: [null, 2], logits: [null, 3] });
  });

  it('runs for that once, and only if somebody asks', () => {
    const execute = vi.spyOn(graph, 'execute');
    const { signature } = liveTeacher(graph);
    expect(execute).not.toHaveBeenCalled();
    expect(signature.features).toBe(signature.features);
    expect(execute).toHaveBeenCalledOnce();
  });

  it('lets go of what was tapped, and of nothing of its own', async () => {
    const batch = { x: x(), y: tensor1d([0], 'int32') };
    const manager = prepareCompression(student, {
      teacher: graph as GraphModelLike,
      criterion: hint({ student: ['small', 'small'], teacher: ['hidden', 'x'] }),
    });
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      await manager.trainStep(batch);
      counts.push(memory().numTensors);
    }
    manager.dispose();
    expect(counts[2]).toBe(counts[1]);
    expect(await numbers(graph.predict(batch.x) as Tensor)).toEqual([4, 6, 8]);
  });

  it('offers the nearest node when a criterion is prepared', () => {
    const criterion = hint({ student: 'small', teacher: 'hiden' });
    expect(() => prepareCompression(student, { teacher: graph as GraphModelLike, criterion })).toThrow(
      'Unknown layer "hiden". Did you mean "hidden"?',
    );
  });

  it('and when nobody checked before', () => {
    const teacher = liveTeacher(graph);
    expect(() => teacher.outputs({ x: x() }, ['hiden'])).toThrow(
      'Unknown node "hiden". Did you mean "hidden"?',
    );
  });
});
