import { bytesOf, decodeValues, encodeValues } from '../datatypes.js';
import { type PortValues } from '../ModelRuntime.js';
import { RequestError } from './RequestError.js';

/** An HTTP body, and the length of the JSON at its front where raw numbers follow. */
export interface Body {
  readonly content: string | Uint8Array;
  readonly jsonLength?: number;
}

/** A tensor in JSON, as the protocol has it. */
export interface JsonTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: unknown;
  readonly parameters?: { readonly binary_data_size?: number };
}

/**
 * A request for one batch. With `binary` the numbers follow the JSON raw, in the order of the inputs, and are asked for
 * in that form.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * @see https://github.com/kserve/open-inference-protocol/blob/main/extensions/binary_data_extension.md
 */
export function encodeRequest(
  inputs: readonly PortValues[],
  outputs: readonly string[],
  binary: boolean,
): Body {
  const asked = outputs.map((name) => ({ name }));
  if (!binary && inputs.some(({ datatype }) => datatype === 'FP16'))
    throw new RequestError('FP16 inputs need the binary extension, which the server lacks.', false);
  const parameters = { binary_data_output: true };
  return withTensors(inputs, binary, (told) => ({
    inputs: told,
    outputs: asked,
    ...(binary && { parameters }),
  }));
}

/** A message with tensors in it: their numbers in the JSON, or raw behind it. */
export function withTensors(
  ports: readonly PortValues[],
  binary: boolean,
  message: (tensors: readonly JsonTensor[]) => object,
): Body {
  if (!binary) {
    const told = ports.map(({ values, ...rest }) => ({ ...rest, data: Array.from(values) }));
    return { content: JSON.stringify(message(told)) };
  }
  const raw = ports.map(({ values, datatype }) => encodeValues(values, datatype));
  const told = ports.map(({ values: _, ...rest }, i) => ({
    ...rest,
    parameters: { binary_data_size: (raw[i] as Uint8Array).byteLength },
  }));
  const json = Buffer.from(JSON.stringify(message(told)));
  return { content: Buffer.concat([json, ...raw]), jsonLength: json.byteLength };
}

/**
 * The outputs in an answer.
 *
 * @param jsonLength Length of the JSON where raw numbers follow.
 * @throws RequestError if it is cut short or no answer at all.
 */
export function decodeResponse(body: Uint8Array, jsonLength = body.byteLength): readonly PortValues[] {
  const { outputs } = parsed(body.subarray(0, jsonLength));
  return decodeTensors('output', outputs, body.subarray(jsonLength));
}

/**
 * Tensors of a message; raw numbers in the order of those that have them.
 *
 * @throws RequestError if there are fewer raw bytes than told, or values that are no numbers.
 */
export function decodeTensors(
  what: 'input' | 'output',
  tensors: readonly JsonTensor[],
  raw: Uint8Array,
): readonly PortValues[] {
  let at = 0;
  return tensors.map(({ name, datatype, shape, data, parameters }) => {
    const size = parameters?.binary_data_size;
    if (size === undefined) return { name, datatype, shape, values: flat(what, name, data) };
    if (at + size > raw.byteLength || size % bytesOf(datatype) !== 0)
      throw new RequestError(
        `Expected ${size} bytes of ${what} "${name}", got ${raw.byteLength - at}.`,
        true,
      );
    const values = decodeValues(raw.subarray(at, at + size), datatype);
    at += size;
    return { name, datatype, shape, values };
  });
}

function parsed(json: Uint8Array): { readonly outputs: readonly JsonTensor[] } {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(json).toString('utf8'));
  } catch (cause) {
    throw new RequestError('Expected an answer in JSON, got one that is cut short or none.', true, { cause });
  }
  const { outputs } = (answer ?? {}) as { readonly outputs?: unknown };
  if (Array.isArray(outputs) && outputs.every(isTensor)) return { outputs };
  throw new RequestError(
    'Expected an answer with `outputs` of name, datatype and shape, got another.',
    false,
  );
}

export function isTensor(value: unknown): value is JsonTensor {
  const { name, datatype, shape } = (value ?? {}) as Partial<JsonTensor>;
  return typeof name === 'string' && typeof datatype === 'string' && Array.isArray(shape);
}

/** Numbers may be nested or not. */
function flat(what: string, name: string, data: unknown): number[] {
  if (!Array.isArray(data)) throw new RequestError(`Expected numbers in ${what} "${name}", got none.`, false);
  const values = data.flat(Infinity) as unknown[];
  if (values.every((value): value is number => typeof value === 'number')) return values;
  throw new RequestError(
    `Expected numbers in ${what} "${name}", got ${typeof values.find((v) => typeof v !== 'number')}.`,
    false,
  );
}
