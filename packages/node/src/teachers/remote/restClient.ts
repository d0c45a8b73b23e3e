import { messageOf } from '@tfjs-distill/core';
import { Agent, fetch, type Response } from 'undici';
import { type ModelPort } from '../ModelRuntime.js';
import { type InferenceClient, type ModelMetadata } from './InferenceClient.js';
import { type ModelAddress, type RemoteOptions } from './RemoteOptions.js';
import { RequestError } from './RequestError.js';
import { decodeResponse, encodeRequest } from './restMessages.js';
import { readTls } from './readTls.js';

const JSON_LENGTH = 'inference-header-content-length';
const BINARY = 'binary_tensor_data';

type RestOptions = Pick<RemoteOptions, 'concurrency' | 'headers' | 'tls' | 'timeout'>;

const CONFIGURATION = 'model_configuration';

/**
 * Talks to a model server by REST; with raw numbers instead of JSON where the server says that it can. Connections stay
 * open between requests, as many as there are requests under way at once.
 */
export async function restClient(address: ModelAddress, options: RestOptions): Promise<InferenceClient> {
  const { server, model, version } = address;
  const { timeout = 30_000, headers, concurrency = 4 } = options;
  const agent = new Agent({
    connect: { ...(await readTls(options.tls)) },
    connections: concurrency,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const path = `/v2/models/${encodeURIComponent(model)}${version ? `/versions/${version}` : ''}`;
  let told: readonly string[] | undefined;

  async function request(
    place: string,
    init: { method?: string; body?: string | Uint8Array; headers?: Record<string, string> } = {},
  ) {
    try {
      const signal = AbortSignal.timeout(timeout);
      const all = { ...headers, ...init.headers };
      const response = await fetch(server + place, { ...init, headers: all, dispatcher: agent, signal });
      const body = new Uint8Array(await response.arrayBuffer());
      if (!response.ok) throw refusal(response, body);
      return { response, body };
    } catch (cause) {
      throw cause instanceof RequestError ? cause : unreachable(cause, timeout);
    }
  }

  async function extensions(): Promise<readonly string[]> {
    const read = async () =>
      (parse((await request('/v2')).body) as { extensions?: readonly string[] }).extensions ?? [];
    return (told ??= await read());
  }

  /** An extension of Triton's; 0 there stands for a model without a batch dimension. */
  async function maxBatch(): Promise<number | undefined> {
    if (!(await extensions()).includes(CONFIGURATION)) return undefined;
    const { max_batch_size: most } = parse((await request(`${path}/config`)).body) as {
      max_batch_size?: number;
    };
    return most !== undefined && most > 0 ? most : undefined;
  }

  return {
    async metadata() {
      const metadata = asMetadata(parse((await request(path)).body));
      return { ...metadata, maxBatch: await maxBatch() };
    },
    async infer(inputs, outputs) {
      const binary = (await extensions()).includes(BINARY);
      const { content, jsonLength } = encodeRequest(inputs, outputs, binary);
      const type = { 'content-type': binary ? 'application/octet-stream' : 'application/json' };
      const length = jsonLength === undefined ? undefined : { [JSON_LENGTH]: String(jsonLength) };
      const { response, body } = await request(`${path}/infer`, {
        method: 'POST',
        body: content,
        headers: { ...type, ...length },
      });
      const answered = response.headers.get(JSON_LENGTH);
      return decodeResponse(body, answered === null ? undefined : Number(answered));
    },
    close: () => void agent.destroy(),
  };
}

/** A busy or broken server may recover; a request that it does not understand stays so. */
function refusal({ status, statusText }: Response, body: Uint8Array): RequestError {
  const passing = status >= 500 || status === 408 || status === 425 || status === 429;
  const { error, detail } = parseLeniently(body);
  const reason =
    typeof error === 'string' ? error : detail === undefined ? statusText : JSON.stringify(detail);
  return new RequestError(`HTTP status ${status}${reason ? ` (${reason.slice(0, 300)})` : ''}.`, passing);
}

function unreachable(error: unknown, timeout: number): RequestError {
  if ((error as Error).name === 'TimeoutError')
    return new RequestError(`No answer within ${timeout} ms.`, true, { cause: error });
  const { cause } = error as { cause?: unknown };
  const reason = cause === undefined ? messageOf(error) : messageOf(cause);
  return new RequestError(`No answer: ${reason || messageOf(error)}.`, true, { cause: error });
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (cause) {
    throw new RequestError(
      'Expected JSON, got something else: is this a model server of the v2 protocol?',
      true,
      { cause },
    );
  }
}

function parseLeniently(body: Uint8Array): { error?: unknown; detail?: unknown } {
  try {
    return (JSON.parse(Buffer.from(body).toString('utf8')) ?? {}) as object;
  } catch {
    return {};
  }
}

function asMetadata(value: unknown): ModelMetadata {
  const { platform = '', versions = [], inputs = [], outputs = [] } = (value ?? {}) as Partial<ModelMetadata>;
  return { platform, versions, inputs: inputs.map(toPort), outputs: outputs.map(toPort) };
}

/** −1 stands for a size that is free. */
export function toPort({ name, datatype, shape }: ModelPort): ModelPort {
  const sizes = shape?.map((size) => (Number(size) < 0 ? null : Number(size)));
  return { name, datatype, ...(sizes && sizes.length > 0 && { shape: sizes }) };
}
