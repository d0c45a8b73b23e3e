import { type PortValues } from '../teachers/ModelRuntime.js';
import { RequestError } from '../teachers/remote/RequestError.js';
import { type Body, decodeTensors, isTensor, withTensors } from '../teachers/remote/restMessages.js';

/** What a client asks of a model. */
export interface InferRequest {
  readonly id?: string | undefined;
  readonly inputs: readonly PortValues[];
  readonly outputs: readonly string[];
  /** Whether the answer's numbers are wanted raw. */
  readonly binary: boolean;
}

interface Message {
  readonly id?: string;
  readonly inputs?: unknown;
  readonly outputs?: readonly { readonly name?: unknown }[];
  readonly parameters?: { readonly binary_data_output?: boolean };
}

/**
 * Reads a request of the protocol, as `encodeRequest` writes it.
 *
 * @param jsonLength Length of the JSON where raw numbers follow.
 * @throws RequestError if it is none.
 */
export function decodeRequest(body: Uint8Array, jsonLength = body.byteLength): InferRequest {
  const { id, inputs, outputs = [], parameters } = parsed(body.subarray(0, jsonLength));
  if (!Array.isArray(inputs) || !inputs.every(isTensor))
    throw new RequestError('Expected `inputs` of name, datatype and shape, got another request.', false);
  const names = outputs.map(({ name }) => name);
  if (!names.every((name) => typeof name === 'string'))
    throw new RequestError('Expected a name for each of `outputs`, got another request.', false);
  return {
    id,
    inputs: decodeTensors('input', inputs, body.subarray(jsonLength)),
    outputs: names.length > 0 ? names : ['logits'],
    binary: parameters?.binary_data_output === true,
  };
}

export const encodeAnswer = (
  model: { readonly name: string; readonly version: string },
  { id, binary }: InferRequest,
  outputs: readonly PortValues[],
): Body =>
  withTensors(outputs, binary, (told) => ({
    model_name: model.name,
    model_version: model.version,
    ...(id !== undefined && { id }),
    outputs: told,
  }));

function parsed(json: Uint8Array): Message {
  try {
    return (JSON.parse(Buffer.from(json).toString('utf8')) ?? {}) as Message;
  } catch (cause) {
    throw new RequestError('Expected a request in JSON, got one that is cut short or none.', false, {
      cause,
    });
  }
}
