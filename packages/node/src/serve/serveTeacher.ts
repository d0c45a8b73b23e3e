import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { DistillError, messageOf, type TeacherSource } from '@tfjs-distill/core';
import { type ModelPort } from '../teachers/ModelRuntime.js';
import { mergeRequests } from '../teachers/remote/mergeRequests.js';
import { RequestError } from '../teachers/remote/RequestError.js';
import { decodeRequest, encodeAnswer } from './inferMessages.js';
import { readBody } from './readBody.js';
import { teacherModel } from './teacherModel.js';

export interface ServeOptions {
  /** Name of the model in addresses. Default the teacher's. */
  readonly name?: string | undefined;
  /** Names these very weights: stores carry it. Default 1. */
  readonly version?: string | undefined;
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string | undefined;
  /** Default 0: one that is free. */
  readonly port?: number | undefined;
  /** Most samples that the teacher is asked about at once. Default 32. */
  readonly batchSize?: number | undefined;
  /** Milliseconds that a smaller request waits for others to go along. Default 0. */
  readonly window?: number | undefined;
  /** Batches under way at once: 1 for a model of this process, more where the teacher is a server. Default 1. */
  readonly concurrency?: number | undefined;
  /** Requests that may wait; more are sent away with status 503, and come again. Default 1,024. */
  readonly waiting?: number | undefined;
}

export interface TeacherServer {
  /** Address of the model. */
  readonly url: string;
  /** Requests answered and the batches that the teacher was asked, since the start. */
  readonly counts: { readonly requests: number; readonly batches: number };
  close(): Promise<void>;
}

const LARGEST = 256 * 2 ** 20;

/**
 * Puts a teacher behind an address, for many students: one process holds the model, and what several students ask at
 * about the same time is computed as one batch. Speaks the Open Inference Protocol v2 over HTTP, numbers raw or as JSON.
 *
 * @param teacher Stays the caller's. One that is itself a model server makes this a gateway: it merges the requests of
 *   many processes before they go there.
 * @throws DistillError `DATA` if the port cannot be had.
 *
 * @example
 * const server = await serveTeacher(await openTeacher('resnet.onnx'), { port: 8080, batchSize: 64, window: 2 });
 * server.url; // http://127.0.0.1:8080/v2/models/resnet.onnx
 *
 * @see https://github.com/kserve/open-inference-protocol
 */
export async function serveTeacher(
  teacher: TeacherSource,
  options: ServeOptions = {},
): Promise<TeacherServer> {
  const {
    name = teacher.name,
    version = '1',
    batchSize = 32,
    concurrency = 1,
    window,
    waiting = 1024,
  } = options;
  const { inputs, outputs, infer } = teacherModel(teacher);
  const counts = { requests: 0, batches: 0 };
  const asked: typeof infer = (...question) => {
    counts.batches += 1;
    return infer(...question);
  };
  const merged = mergeRequests(asked, { batchSize, concurrency, window });
  const path = `/v2/models/${encodeURIComponent(name)}`;
  let now = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const told = request.headers[JSON_LENGTH];
    const question = decodeRequest(
      await readBody(request, LARGEST),
      told === undefined ? undefined : Number(told),
    );
    const { content, jsonLength } = encodeAnswer(
      { name, version },
      question,
      await merged(question.inputs, question.outputs),
    );
    counts.requests += 1;
    response.setHeader(
      'content-type',
      jsonLength === undefined ? 'application/json' : 'application/octet-stream',
    );
    if (jsonLength !== undefined) response.setHeader(JSON_LENGTH, jsonLength);
    response.end(content);
  }

  const pages: Readonly<Record<string, unknown>> = {
    '/v2': { name: 'tfjs-distill', version: '1', extensions: ['binary_tensor_data', 'model_configuration'] },
    '/v2/health/live': { live: true },
    '/v2/health/ready': { ready: true },
    [path]: {
      name,
      versions: [version],
      platform: 'tfjs-distill',
      inputs: inputs.map(told),
      outputs: outputs.map(told),
    },
    [`${path}/ready`]: { name, ready: true },
    [`${path}/config`]: { name, max_batch_size: batchSize },
  };

  const server = createServer((request, response) => {
    const place = (request.url ?? '')
      .replace(/\?.*$/, '')
      .replace(`/versions/${version}`, '')
      .replace(/(.)\/$/, '$1');
    const page = pages[place];
    if (request.method === 'GET' && page !== undefined) return sendJson(response, 200, page);
    if (request.method !== 'POST' || place !== `${path}/infer`)
      return sendJson(response, 404, {
        error: `There is no ${request.method} ${place}; the model is at ${path}.`,
      });
    if (now >= waiting) return sendJson(response, 503, { error: `${waiting} requests wait already.` });
    now += 1;
    answer(request, response)
      .catch((error: unknown) => refuse(response, error))
      .finally(() => (now -= 1));
  });
  const address = await listening(server, options);
  return {
    url: `http://${address}${path}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const JSON_LENGTH = 'inference-header-content-length';

/** The protocol has −1 where a size is free. */
const told = ({ name, datatype, shape }: ModelPort) => ({
  name,
  datatype,
  shape: shape?.map((size) => size ?? -1) ?? [],
});

function sendJson(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}

/** What is wrong in the request is the client's to mend; anything else may pass. */
function refuse(response: ServerResponse, error: unknown): void {
  const clients =
    error instanceof RequestError ||
    (error instanceof DistillError && ['SHAPE', 'OPTION'].includes(error.code));
  if (response.headersSent) response.destroy();
  else sendJson(response, clients ? 400 : 500, { error: messageOf(error) });
}

function listening(
  server: ReturnType<typeof createServer>,
  { host = '127.0.0.1', port = 0 }: ServeOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new DistillError('DATA', `${host}:${port} cannot be listened on: ${messageOf(cause)}.`, {
          where: 'serveTeacher',
          cause,
        }),
      ),
    );
    server.listen(port, host, () => {
      const { address, port: got, family } = server.address() as AddressInfo;
      resolve(family === 'IPv6' ? `[${address}]:${got}` : `${address}:${got}`);
    });
  });
}
