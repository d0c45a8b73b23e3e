import {
  equal,
  grad,
  mean,
  notEqual,
  randomNormal,
  square,
  sum,
  type Tensor,
  variableGrads,
  type Variable,
} from '@tensorflow/tfjs-core';
import {
  type Adapter,
  type AdapterKind,
  type AdapterOptions,
  createAdapter,
  type Shape,
} from '@tfjs-distill/core';
import { afterEach, describe, expect, it } from 'vitest';

const made: Adapter[] = [];
const create = (from: Shape, to: Shape, options: AdapterOptions = {}) => {
  const adapter = createAdapter(from, to, options);
  made.push(adapter);
  return adapter;
};
afterEach(() => made.splice(0).forEach((adapter) => adapter.dispose()));

const filled = (shape: Shape, batch = 2) => shape.map((size) => size ?? batch);

describe('createAdapter', () => {
  it.each<[string, Shape, Shape, AdapterKind, string]>([
    ['shapes that agree', [null, 8], [null, 8], 'auto', 'identity'],
    ['vectors', [null, 8], [null, 5], 'auto', 'linear 8 → 5'],
    ['channels', [null, 4, 4, 2], [null, 4, 4, 3], 'auto', '1×1 convolution 2 → 3'],
    ['smaller maps', [null, 8, 8, 2], [null, 4, 4, 2], 'auto', 'average pooling to 4×4'],
    ['larger maps', [null, 4, 4, 2], [null, 8, 8, 2], 'auto', 'linear resizing to 8×8'],
    ['both', [null, 8, 8, 2], [null, 3, 3, 5], 'auto', 'average pooling to 3×3, then 1×1 convolution 2 → 5'],
    [
      'growing ones',
      [null, 4, 4, 2],
      [null, 8, 8, 5],
      'auto',
      '1×1 convolution 2 → 5, then linear resizing to 8×8',
    ],
    [
      'one axis each way',
      [null, 8, 4, 2],
      [null, 4, 8, 2],
      'auto',
      'average pooling to 4×4, then linear resizing to 4×8',
    ],
    ['sequences', [null, 6, 2], [null, 4, 3], 'auto', 'average pooling to 4, then 1×1 convolution 2 → 3'],
    [
      'a map to a vector',
      [null, 8, 8, 2],
      [null, 3],
      'auto',
      'average over all positions, then linear 2 → 3',
    ],
    ['free sizes', [null, null, null, 2], [null, null, null, 3], 'auto', '1×1 convolution 2 → 3'],
    ['a projection for its own sake', [null, 8], [null, 8], 'linear', 'linear 8 → 8'],
    ['neighbours', [null, 4, 4, 2], [null, 4, 4, 3], 'conv3x3', '3×3 convolution 2 → 3'],
    ['pooling up', [null, 4, 4, 2], [null, 8, 8, 2], 'pool', 'average pooling to 8×8'],
    ['resizing down', [null, 8, 8, 2], [null, 4, 4, 2], 'resize', 'linear resizing to 4×4'],
  ])('matches %s', (_, from, to, kind, words) => {
    const adapter = create(from, to, { kind });
    expect(adapter.describe()).toBe(words);
    const x = randomNormal(filled(from.map((size, i) => (i > 0 && size === null ? 5 : size))));
    const wanted = filled(to.map((size, i) => (i > 0 && size === null ? 5 : size)));
    expect(adapter.apply(x).shape).toEqual(wanted);
  });

  it.each<[Shape, Shape, AdapterKind, RegExp]>([
    [[null, 8], [null, 4, 4, 2], 'auto', /one rank, got `from` \[null, 8\] and `to` \[null, 4, 4, 2\]/],
    [[null, 4, 4, 2], [null, 16, 2], 'auto', /one rank/],
    [
      [null, 8],
      [null, 5],
      'identity',
      /as many channels, got `from` \[null, 8\] and `to` \[null, 5\]\. Adapter 'auto'/,
    ],
    [[null, 8, 8, 2], [null, 4, 4, 2], 'identity', /one shape.*'auto' pools/],
    [[null, 8, 8, 2], [null, 4, 4, 3], 'pool', /as many channels/],
    [[null, 4, 4, null], [null, 4, 4, 3], 'auto', /known numbers of channels/],
    [[null, 8], [null, 8], 'conv3x3', /maps for a 3×3 convolution/],
    [[null], [null, 3], 'auto', /batch and channels/],
  ])('refuses %j to %j by %s, naming both', (from, to, kind, message) => {
    expect(() => createAdapter(from, to, { kind })).toThrow(message);
  });

  it('names the shape that it got where that is not the declared one', () => {
    const adapter = create([null, 8], [null, 5]);
    expect(() => adapter.apply(randomNormal([2, 7]))).toThrow(/`got` \[2, 7\] and `declared` \[null, 8\]/);
  });

  it('draws the same weights from one seed and others from another', async () => {
    const [a, b, c] = [1, 1, 2].map((seed) => create([null, 3], [null, 4], { seed }).variables[0]!);
    expect(await sum(notEqual(a!, b!)).array()).toBe(0);
    expect(await sum(equal(a!, c!)).array()).toBe(0);
  });

  it('names its variables after itself, the same again once freed', () => {
    const names = () =>
      create([null, 3], [null, 4], { name: 'fitnet/a-b' }).variables.map(({ name }) => name);
    expect(names()).toEqual(['fitnet/a-b/kernel', 'fitnet/a-b/bias']);
    expect(names()).toEqual(['fitnet/a-b_2/kernel', 'fitnet/a-b_2/bias']);
    made.splice(0).forEach((adapter) => adapter.dispose());
    expect(names()).toEqual(['fitnet/a-b/kernel', 'fitnet/a-b/bias']);
  });

  it('starts near the identity in scale', async () => {
    const adapter = create([null, 64], [null, 64], { kind: 'linear', seed: 3 });
    const x = randomNormal([256, 64], 0, 1, 'float32', 1);
    expect(await mean(square(adapter.apply(x))).array()).toBeCloseTo(1, 0);
  });

  it('sends gradients to the feature and to every variable', async () => {
    const adapter = create([null, 6, 6, 2], [null, 4, 4, 3], { seed: 1, batchNorm: true });
    const x = randomNormal([2, 6, 6, 2], 0, 1, 'float32', 2);
    const loss = (feature: Tensor) => mean(square(sum(adapter.apply(feature), [1, 2])));
    expect(await mean(square(grad(loss)(x))).array()).toBeGreaterThan(0);
    const { grads } = variableGrads(() => loss(x) as never, [...adapter.variables] as Variable[]);
    expect(Object.keys(grads)).toHaveLength(3);
    expect(Object.keys(grads).map((name) => name.split('/').at(-1))).toEqual(['kernel', 'gamma', 'beta']);
  });

  it('normalises each channel over the batch if asked to', async () => {
    const adapter = create([null, 4, 4, 2], [null, 4, 4, 3], { batchNorm: true });
    const y = adapter.apply(randomNormal([8, 4, 4, 2], 5, 3, 'float32', 1));
    for (const value of await (mean(y, [0, 1, 2]).array() as Promise<number[]>))
      expect(value).toBeCloseTo(0, 3);
    for (const value of await (mean(square(y), [0, 1, 2]).array() as Promise<number[]>)) {
      expect(value).toBeCloseTo(1, 2);
    }
  });
});
