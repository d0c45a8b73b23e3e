import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend,
  backend_util,
  buffer,
  engine,
  randomNormal,
  stridedSlice,
  type Tensor,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, expectSameOnBothBackends, useWasmKernels } from './onBothBackends.js';

useWasmKernels();

type Pad =
  'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];
interface Conv {
  readonly input: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides: [number, number];
  readonly pad: Pad;
}

const random = (shape: number[], seed: number) => randomNormal(shape, 0, 1, 'float32', seed);
const run = (name: string, inputs: Record<string, Tensor>, attrs: object) =>
  engine().runKernel<Tensor>(name, inputs, attrs as never);

const outShape = ({ input, filter, strides, pad }: Conv, depthwise: boolean) =>
  backend_util.computeConv2DInfo(input, filter, strides, 1, pad, undefined, depthwise).outShape;

/** Both gradients of a convolution. */
function gradients(conv: Conv): Tensor[] {
  const { input, filter, strides, pad } = conv;
  const dy = random(outShape(conv, false), 1);
  const attrs = { strides, pad, dataFormat: 'NHWC' };
  return [
    run('Conv2DBackpropFilter', { x: random(input, 2), dy }, { ...attrs, filterShape: filter }),
    run('Conv2DBackpropInput', { dy, filter: random(filter, 3) }, { ...attrs, inputShape: input }),
  ];
}

function depthwiseGradients(conv: Conv): Tensor[] {
  const { input, filter, strides, pad } = conv;
  const dy = random(outShape(conv, true), 1);
  const attrs = { strides, pad, dilations: [1, 1] };
  return [
    run(
      'DepthwiseConv2dNativeBackpropFilter',
      { x: random(input, 2), dy },
      { ...attrs, filterShape: filter },
    ),
    run(
      'DepthwiseConv2dNativeBackpropInput',
      { dy, filter: random(filter, 3) },
      { ...attrs, inputShape: input },
    ),
  ];
}

const TABLE: [string, Conv][] = [
  ['stride 2, same, even size', { input: [2, 8, 8, 3], filter: [3, 3, 3, 4], strides: [2, 2], pad: 'same' }],
  ['stride 2, same, odd size', { input: [2, 7, 9, 3], filter: [3, 3, 3, 4], strides: [2, 2], pad: 'same' }],
  ['stride 1, same', { input: [2, 6, 5, 3], filter: [3, 3, 3, 4], strides: [1, 1], pad: 'same' }],
  ['stride 1, valid', { input: [2, 6, 5, 3], filter: [3, 3, 3, 4], strides: [1, 1], pad: 'valid' }],
  ['one image', { input: [1, 5, 5, 2], filter: [3, 3, 2, 2], strides: [2, 2], pad: 'valid' }],
  [
    'a kernel smaller than the stride',
    { input: [2, 7, 7, 2], filter: [1, 2, 2, 3], strides: [3, 3], pad: 'valid' },
  ],
  ['an even kernel', { input: [2, 6, 6, 2], filter: [4, 2, 2, 3], strides: [2, 1], pad: 'same' }],
  ['padding by a number', { input: [2, 6, 6, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: 2 }],
  ['more padding than kernel', { input: [2, 4, 4, 2], filter: [1, 1, 2, 3], strides: [1, 1], pad: 2 }],
  [
    'more padding than kernel, stride 2',
    { input: [2, 4, 4, 2], filter: [2, 2, 2, 3], strides: [2, 2], pad: 3 },
  ],
  [
    'padding on one side',
    {
      input: [2, 5, 6, 2],
      filter: [3, 3, 2, 3],
      strides: [1, 2],
      pad: [
        [0, 0],
        [2, 0],
        [0, 1],
        [0, 0],
      ],
    },
  ],
  ['one pixel', { input: [2, 1, 1, 3], filter: [1, 1, 3, 2], strides: [1, 1], pad: 'same' }],
  [
    'a kernel of the size of the image',
    { input: [2, 4, 4, 3], filter: [4, 4, 3, 2], strides: [1, 1], pad: 'valid' },
  ],
  [
    'several blocks of a large batch',
    { input: [40, 20, 20, 8], filter: [3, 3, 8, 4], strides: [1, 1], pad: 'same' },
  ],
];

/** Small convolutions of every kind that have an output. */
const anyConv = (depthwise: boolean) => {
  const size = fc.integer({ min: 1, max: 8 });
  const kernel = fc.integer({ min: 1, max: 4 });
  const few = fc.integer({ min: 1, max: 3 });
  const side = fc.integer({ min: 0, max: 3 });
  const sides = fc.tuple(side, side);
  const pad: fc.Arbitrary<Pad> = fc.oneof(
    fc.constantFrom<Pad>('same', 'valid', 0, 1, 2),
    fc.tuple(fc.constant<[number, number]>([0, 0]), sides, sides, fc.constant<[number, number]>([0, 0])),
  );
  return fc
    .record({
      input: fc.tuple(few, size, size, few),
      kernel: fc.tuple(kernel, kernel),
      out: few,
      strides: fc.tuple(few, few),
      pad,
    })
    .map(({ kernel, out, ...conv }): Conv => ({ ...conv, filter: [...kernel, conv.input[3], out] }))
    .filter((conv) => outShape(conv, depthwise).every((size) => size > 0));
};

describe('the gradients of a convolution', () => {
  it.each(TABLE)('equal those of the CPU backend: %s', async (_, conv) => {
    await expectSameOnBothBackends(() => gradients(conv));
  });

  it('equal those of the CPU backend for any sizes, strides and padding', async () => {
    await fc.assert(
      fc.asyncProperty(anyConv(false), (conv) => expectSameOnBothBackends(() => gradients(conv))),
      { numRuns: 150 },
    );
  });

  it('do not change where the heap has to move for them', async () => {
    const [x, filter] = [random([4, 32, 32, 8], 1), random([3, 3, 8, 8], 2)];
    const both = { strides: 2, pad: 'same', dataFormat: 'NHWC' };
    const dy = random([4, 16, 16, 8], 3);
    const heap = () => (backend() as BackendWasm).typedArrayFromHeap(x).buffer.byteLength;
    const before = heap();
    const dxs = [run('Conv2DBackpropInput', { dy, filter }, { ...both, inputShape: x.shape })];
    const dws = [run('Conv2DBackpropFilter', { x, dy }, { ...both, filterShape: filter.shape })];
    const [dx, dw] = [[...(await dxs[0]!.data())], [...(await dws[0]!.data())]];
    for (let i = 0; heap() === before; i++) {
      dxs.push(run('Conv2DBackpropInput', { dy, filter }, { ...both, inputShape: x.shape }));
      dws.push(run('Conv2DBackpropFilter', { x, dy }, { ...both, filterShape: filter.shape }));
      expectClose([...(await dxs.at(-1)!.data())], dx);
      expectClose([...(await dws.at(-1)!.data())], dw);
    }
  });

  it.each(['Conv2DBackpropFilter', 'Conv2DBackpropInput'])(
    'refuse channels-first images in our words: %s',
    (kernel) => {
      const x = random([1, 2, 4, 4], 4);
      const attrs = {
        strides: 1,
        pad: 'same',
        dataFormat: 'NCHW',
        filterShape: [3, 3, 2, 2],
        inputShape: [1, 2, 4, 4],
      };
      expect(() => run(kernel, { x, dy: x, filter: random([3, 3, 2, 2], 1) }, attrs)).toThrow(
        `${kernel}: Expected \`dataFormat\` to be "NHWC" on the wasm backend, got "NCHW".`,
      );
    },
  );
});

describe('the gradients of a depthwise convolution', () => {
  it.each(TABLE)('equal those of the CPU backend: %s', async (_, conv) => {
    await expectSameOnBothBackends(() => depthwiseGradients(conv));
  });

  it('equal those of the CPU backend for any sizes, strides and padding', async () => {
    await fc.assert(
      fc.asyncProperty(anyConv(true), (conv) => expectSameOnBothBackends(() => depthwiseGradients(conv))),
      { numRuns: 150 },
    );
  });

  it('with a dilated kernel equal those of the kernel with zeros between its positions', async () => {
    const [x, dy] = [random([2, 7, 8, 3], 4), random([2, 7, 8, 6], 1)];
    const filter = random([2, 3, 3, 2], 2);
    const spread = spreadOut(filter as Tensor4D, 2, 3);
    const attrs = { strides: 1, pad: 'same' };
    const dilated = { ...attrs, dilations: [2, 3] };
    const [dw, dx] = [
      run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...dilated, filterShape: [2, 3, 3, 2] }),
      run('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...dilated, inputShape: x.shape }),
    ];
    const plain = { ...attrs, dilations: [1, 1] };
    const dwSpread = run(
      'DepthwiseConv2dNativeBackpropFilter',
      { x, dy },
      { ...plain, filterShape: spread.shape },
    );
    const dxSpread = run(
      'DepthwiseConv2dNativeBackpropInput',
      { dy, filter: spread },
      { ...plain, inputShape: x.shape },
    );
    expectClose([...(await dx.data())], [...(await dxSpread.data())]);
    const atTaps = stridedSlice(dwSpread, [0, 0, 0, 0], dwSpread.shape, [2, 3, 1, 1]);
    expectClose([...(await dw.data())], [...(await atTaps.data())]);
  });
});

/** A kernel with zeros between its positions, as dilation by `down` and `right` has it. */
function spreadOut(filter: Tensor4D, down: number, right: number): Tensor {
  const [height, width, channels, multiplier] = filter.shape;
  const values = buffer([(height - 1) * down + 1, (width - 1) * right + 1, channels, multiplier]);
  const entries = filter.bufferSync();
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let channel = 0; channel < channels; channel++)
        for (let m = 0; m < multiplier; m++)
          values.set(entries.get(row, column, channel, m), row * down, column * right, channel, m);
  return values.toTensor();
}
