import { io, type Tensor } from '@tensorflow/tfjs-core';
import { type GraphModel, loadGraphModel } from '@tensorflow/tfjs-converter';
import { describe, expect, it } from 'vitest';
import { agreed, batchAt, farthest, NATIVE } from './rig.js';

/** A converted graph: one convolution over the whole image, then ReLU of its ten results. */
async function graphTeacher(): Promise<GraphModel> {
  const float = { T: { type: 'DT_FLOAT' } };
  const constant = (name: string, dtype: string) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype } } },
  });
  const size = (...sizes: number[]) => ({ shape: { dim: sizes.map((each) => ({ size: String(each) })) } });
  const list = (...i: number[]) => ({ list: { i: i.map(String) } });
  const convolution = {
    strides: list(1, 1, 1, 1),
    dilations: list(1, 1, 1, 1),
    padding: { s: btoa('VALID') },
  };
  const modelTopology = {
    node: [
      { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: size(-1, 8, 8, 1) } },
      constant('kernel', 'DT_FLOAT'),
      constant('rows', 'DT_INT32'),
      {
        name: 'whole',
        op: 'Conv2D',
        input: ['x', 'kernel'],
        attr: { ...float, ...convolution, data_format: { s: btoa('NHWC') } },
      },
      {
        name: 'flat',
        op: 'Reshape',
        input: ['whole', 'rows'],
        attr: { ...float, Tshape: { type: 'DT_INT32' } },
      },
      { name: 'logits', op: 'Relu', input: ['flat'], attr: float },
    ],
    library: {},
    versions: {},
  };
  const kernel = Float32Array.from({ length: 640 }, (_, i) => Math.sin(i));
  const weightData = new Uint8Array([
    ...new Uint8Array(kernel.buffer),
    ...new Uint8Array(Int32Array.of(-1, 10).buffer),
  ]).buffer;
  const weightSpecs: io.WeightsManifestEntry[] = [
    { name: 'kernel', shape: [8, 8, 1, 10], dtype: 'float32' },
    { name: 'rows', shape: [2], dtype: 'int32' },
  ];
  return loadGraphModel(io.fromMemory({ format: 'graph-model', modelTopology, weightSpecs, weightData }));
}

describe.runIf(NATIVE)('a live GraphModel teacher', () => {
  it('is a part of the compiled step and answers as ever', async () => {
    const teacher = await graphTeacher();
    const { x, y } = batchAt(1);
    const answer = teacher.predict(x as Tensor) as Tensor;
    const values = [...(await answer.data())];
    expect(
      farthest(
        values,
        values.map((value) => Math.max(0, value)),
      ),
    ).toBe(0);
    expect(values.some((value) => value > 0.1)).toBe(true);
    for (const tensor of [x as Tensor, y, answer]) tensor.dispose();
    expect(await agreed(() => ({ teacher }))).toEqual({ eager: 2, replayed: 1, compiled: 47, reasons: [] });
    teacher.dispose();
  });
});
