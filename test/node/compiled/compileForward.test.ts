import { memory, mul, randomNormal, randomUniform, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { liveTeacher } from '@tfjs-distill/core';
import { compiledTeacher, compileForward } from '@tfjs-distill/node/compiled';
import { describe, expect, it, vi } from 'vitest';
import { GraphProgram } from '../../../packages/node/src/compiled/GraphProgram.js';
import { farthest, NATIVE, networkOf } from './rig.js';

describe('a compiled forward pass', () => {
  const calls = vi.spyOn(GraphProgram.prototype, 'run');

  it('gives what the model gives, for batches of all sizes, and leaves no tensor behind', async () => {
    const model = networkOf(1, [layers.batchNormalization(), layers.dropout({ rate: 0.5 })]);
    const compiled = compileForward(([x]) => [model.predict(x as Tensor) as Tensor]);
    calls.mockClear();
    for (let call = 0; call < 12; call++) {
      const x = randomNormal([call % 3 === 2 ? 3 : 5, 8, 8, 1]);
      const tensors = memory().numTensors;
      const [logits] = compiled.run([x]) as [Tensor];
      expect(memory().numTensors).toBe(tensors + 1);
      const expected = model.predict(x) as Tensor;
      expect(farthest([...(await expected.data())], [...(await logits.data())])).toBeLessThan(1e-5);
      for (const tensor of [x, logits, expected]) tensor.dispose();
    }
    expect(calls).toHaveBeenCalledTimes(NATIVE ? 10 : 0);
    compiled.dispose();
    model.dispose();
  });

  it('uses new weights at once', async () => {
    const model = networkOf(1);
    const compiled = compileForward(([x]) => [model.predict(x as Tensor) as Tensor]);
    const x = randomNormal([4, 8, 8, 1]);
    for (let call = 0; call < 8; call++) {
      if (call === 5) tidy(() => model.setWeights(model.getWeights().map((weight) => mul(weight, 2))));
      const [logits] = compiled.run([x]) as [Tensor];
      const expected = model.predict(x) as Tensor;
      expect(farthest([...(await expected.data())], [...(await logits.data())])).toBeLessThan(1e-5);
      for (const tensor of [logits, expected]) tensor.dispose();
    }
    compiled.dispose();
    x.dispose();
    model.dispose();
  });

  it('runs as ever where the function draws its own numbers or gives its input back', async () => {
    const compiled = compileForward(([x]) => [mul(x as Tensor, randomUniform([2])), x as Tensor]);
    const x = randomNormal([2]);
    const seen = new Set<number>();
    for (let call = 0; call < 6; call++) {
      const [noisy] = compiled.run([x]) as [Tensor, Tensor];
      seen.add((await noisy.data())[0]!);
      noisy.dispose();
    }
    expect(seen.size).toBe(6);
    compiled.dispose();
    x.dispose();
  });
});

describe('a compiled teacher', () => {
  it('answers as the teacher, its features too', async () => {
    const model = networkOf(1);
    const tap = model.layers[0]!.name;
    const [plain, compiled] = [liveTeacher(model), compiledTeacher(liveTeacher(model))];
    const x = randomNormal([4, 8, 8, 1]);
    for (let call = 0; call < 4; call++) {
      const [expected, given] = [await plain.outputs({ x }, [tap]), await compiled.outputs({ x }, [tap])];
      for (const [a, b] of [
        [expected.logits, given.logits],
        [expected.features[tap]!, given.features[tap]!],
      ] as const) {
        expect(farthest([...(await a.data())], [...(await b.data())])).toBeLessThan(1e-5);
        a.dispose();
        b.dispose();
      }
    }
    compiled.dispose?.();
    x.dispose();
    model.dispose();
  });
});
