import { randomNormal, randomUniform, type Tensor } from '@tensorflow/tfjs-core';
import { withSeed } from '@tfjs-distill/core';
import { type NativeBackend } from './binding.js';
import { type AttrValue, type NodeDef } from './savedModelProto.js';
import { type Constant } from './Trace.js';
import { constantNode } from './writeGraph.js';

/** Numbers that TensorFlow.js drew in JavaScript: `offset + scale · z`. */
export interface Draw {
  readonly op: 'StatelessRandomUniform' | 'StatelessRandomNormal';
  readonly offset: number;
  readonly scale: number;
}

/** The placeholder that every draw of a step mixes with its own number: two int32, new at every step. */
export const seedName = (copy: number): string => `seed${copy}`;

/** As many draws as a step may well make, in its forward pass and in its criteria. */
const DRAWS = 64;
const STREAMS = [0, 1];

/** The seeds that TensorFlow.js's unseeded draws had in a step: the manager derives them from the step's own. */
function seedsOf(step: number): readonly number[] {
  const draw = () => Array.from({ length: DRAWS }, () => Math.random());
  return STREAMS.flatMap((stream) => withSeed(step, draw, stream));
}

const SAMPLE = 16;
const TOLERANCE = 1e-6;

/**
 * How a constant was drawn, proven by drawing it once more: `undefined` unless one of the step's seeds gives the
 * same numbers, up to offset and scale.
 *
 * @param step Seed of the step, as `StepScope` has it.
 */
export function drawOf(backend: NativeBackend, constant: Constant, step: number): Draw | undefined {
  const { values } = constant;
  if (!(values instanceof Float32Array) || values.length < 4) return undefined;
  const sample = values.subarray(0, SAMPLE);
  for (const seed of seedsOf(step)) {
    const uniform = fit(sample, numbersOf(backend, randomUniform([sample.length], 0, 1, 'float32', seed)));
    if (uniform) return { op: 'StatelessRandomUniform', ...uniform };
    const normal = fit(sample, numbersOf(backend, randomNormal([sample.length], 0, 1, 'float32', seed)));
    if (normal) return { op: 'StatelessRandomNormal', ...normal };
  }
  return undefined;
}

/** The numbers of a tensor that was never uploaded. Frees it. */
function numbersOf(backend: NativeBackend, tensor: Tensor): Float32Array {
  const { values } = backend.tensorMap.get(tensor.dataId);
  tensor.dispose();
  return values as Float32Array;
}

/** The offset and scale that turn `unit` into `values`, if there are any. */
function fit(values: Float32Array, unit: Float32Array): Omit<Draw, 'op'> | undefined {
  const [low, high] = [indexOf(unit, Math.min(...unit)), indexOf(unit, Math.max(...unit))];
  const span = at(unit, high) - at(unit, low);
  if (span === 0) return undefined;
  const scale = (at(values, high) - at(values, low)) / span;
  const offset = at(values, low) - scale * at(unit, low);
  const close = unit.every(
    (z, i) => Math.abs(offset + scale * z - at(values, i)) <= TOLERANCE * (1 + Math.abs(scale)),
  );
  return close && scale !== 0 ? { offset: tidied(offset), scale: tidied(scale) } : undefined;
}

/** Rounding aside, limits are plain numbers: 0 and 1, not 1e-9 and 0.99999994. */
function tidied(value: number): number {
  return Number(value.toFixed(5));
}

const at = (values: Float32Array, i: number): number => values[i] as number;
const indexOf = (values: Float32Array, value: number): number => values.indexOf(value);

/** The nodes that draw a constant anew: `offset + scale · op(shape, seed + [0, number])`, the seed a placeholder. */
export function drawNodes(
  name: string,
  { shape, dtype }: Constant,
  draw: Draw,
  { seed, number }: { readonly seed: string; readonly number: number },
): NodeDef[] {
  const T: AttrValue = { type: dtype };
  const int: AttrValue = { type: INT32 };
  const scalar = (part: string, value: number) =>
    constantNode(`${name}/${part}`, { shape: [], dtype, values: Float32Array.of(value) });
  const ints = (part: string, values: readonly number[]) =>
    constantNode(`${name}/${part}`, {
      shape: [values.length],
      dtype: INT32,
      values: Int32Array.from(values),
    });
  const node = (path: string, op: string, input: string[], attr: NodeDef['attr']): NodeDef => ({ name: path, op, input, attr }); // prettier-ignore
  return [
    ints('number', [0, number]),
    ints('shape', shape),
    scalar('offset', draw.offset),
    scalar('scale', draw.scale),
    node(`${name}/seed`, 'AddV2', [seed, `${name}/number`], { T: int }),
    node(`${name}/z`, draw.op, [`${name}/shape`, `${name}/seed`], { T: int, Tseed: int, dtype: T }),
    node(`${name}/scaled`, 'Mul', [`${name}/z`, `${name}/scale`], { T }),
    node(name, 'AddV2', [`${name}/scaled`, `${name}/offset`], { T }),
  ];
}

const INT32 = 3;
export const SEED_LAYOUT = { shape: [2], dtype: INT32 } as const;
