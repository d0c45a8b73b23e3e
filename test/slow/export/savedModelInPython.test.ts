import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { getBackend, randomNormal, type Tensor } from '@tensorflow/tfjs-core';
import { exportStudent, openStudent } from '@tfjs-distill/node';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonHaving } from '../examples/pythonHaving.js';

const SCRIPT = `
import json, sys
import numpy as np
import tensorflow as tf
given = json.load(open(sys.argv[1]))
serve = tf.saved_model.load(sys.argv[2]).signatures['serving_default']
said = serve(**{given['input']: tf.constant(np.array(given['x'], np.float32))})[given['output']].numpy()
print(json.dumps(float(np.abs(said - np.array(given['y'])).max())))
`;

const found = await pythonHaving('tensorflow');
const missing =
  getBackend() === 'tensorflow' ? found.missing : 'native TensorFlow writes it: TEST_ENGINE=tensorflow';

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'distill-python-'))));
afterAll(() => rm(dir, { recursive: true }));

describe('an exported SavedModel', () => {
  const title = 'gives the same in TensorFlow for Python';
  if (missing !== undefined) it.skip(`${title} (${missing})`);
  else
    it.each(['keras-cnn', 'depthwise-separable'])(`${title}: %s`, async (name) => {
      const student = await openStudent(name, { inputShape: [28, 28, 1], classes: 10, seed: 5 });
      const [model, numbers] = [path.join(dir, name), path.join(dir, `${name}.json`)];
      await exportStudent(student, model, { format: 'saved-model' });
      const x = randomNormal([5, 28, 28, 1]);
      const y = student.predict(x) as Tensor;
      const names = { input: student.inputNames[0], output: student.outputNames[0] };
      await writeFile(numbers, JSON.stringify({ ...names, x: await x.array(), y: await y.array() }));
      const { stdout } = await execa(found.python as string, ['-c', SCRIPT, numbers, model]);
      expect(Number(stdout)).toBeLessThan(1e-5);
      for (const tensor of [x, y, student]) tensor.dispose();
    });
});
