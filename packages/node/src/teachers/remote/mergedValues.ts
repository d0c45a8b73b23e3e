import { type PortValues } from '../ModelRuntime.js';
import { RequestError } from './RequestError.js';

export const samplesOf = (ports: readonly PortValues[]): number => ports[0]?.shape[0] ?? 0;

/** Several asks' inputs as one: samples behind each other, port by port. All have the same ports and sample shapes. */
export function mergeInputs(asks: readonly (readonly PortValues[])[]): readonly PortValues[] {
  const [first = []] = asks;
  return first.map((port, i) => {
    const parts = asks.map((ports) => ports[i] as PortValues);
    const samples = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    return { ...port, shape: [samples, ...port.shape.slice(1)], values: concatenated(parts) };
  });
}

/** Whole numbers stay so: float32 has no room for ids above 2²⁴. */
function concatenated(parts: readonly PortValues[]): Float32Array | Int32Array {
  const length = parts.reduce((sum, { values }) => sum + values.length, 0);
  const whole = parts.every(({ values }) => values instanceof Int32Array);
  const all = whole ? new Int32Array(length) : new Float32Array(length);
  let at = 0;
  for (const { values } of parts) {
    all.set(values, at);
    at += values.length;
  }
  return all;
}

/**
 * One answer as several: rows in order, `counts[i]` for the i-th ask.
 *
 * @throws RequestError if an output has another number of rows than were asked for.
 */
export function splitOutputs(
  outputs: readonly PortValues[],
  counts: readonly number[],
): readonly (readonly PortValues[])[] {
  const samples = counts.reduce((sum, count) => sum + count, 0);
  const spoilt = outputs.find(({ shape, values }) => shape[0] !== samples || values.length % samples !== 0);
  if (spoilt !== undefined)
    throw new RequestError(`Expected ${samples} rows of output "${spoilt.name}", got another number.`, false);
  const all = outputs.map((output) => ({ ...output, values: floats(output.values) }));
  let from = 0;
  return counts.map((count) => {
    const to = from + count;
    const part = all.map((output) => rows(output, from, to, samples));
    from = to;
    return part;
  });
}

const floats = (values: ArrayLike<number>): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values);

function rows(
  output: PortValues & { readonly values: Float32Array },
  from: number,
  to: number,
  samples: number,
): PortValues {
  const width = output.values.length / samples;
  const values = output.values.subarray(from * width, to * width);
  return { ...output, shape: [to - from, ...output.shape.slice(1)], values };
}
