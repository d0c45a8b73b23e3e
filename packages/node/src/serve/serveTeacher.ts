import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { DistillError, messageOf, type TeacherSource } from '@tfjs-distill/core';
import { RequestError } from '../teachers/remote/RequestError.js';
import { decodeRequest } from './inferMessages.js';
import { readBody } from './readBody.js';
import { type ServeCounts, type ServedModel, servedModel, type ServedModelOptions } from './servedModel.js';

export interface ServeOptions extends ServedModelOptions {
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string | undefined;
  /** Default 0: one that is free. */
  readonly port?: number | undefined;
  /** Requests that may wait; more are sent away with status 503, and come again. Default 1,024. */
  readonly waiting?: number | undefined;
}

export interface TeacherServer {
  /** Address of the model. */
  readonly url: string;
  /** Since the start; at `…/stats` too. */
  readonly counts: ServeCounts;
  close(): Promise<void>;
}

const LARGEST = 256 * 2 ** 20;
const JSON_LENGTH = 'inference-header-content-length';

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
  const model = servedModel(teacher, options);
  const server = createServer(listener(model, options.waiting ?? 1024));
  const address = await listening(server, options);
  return {
    url: `http://${address}${model.path}`,
    counts: model.counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param most Requests that may wait for an answer. */
function listener(model: ServedModel, most: number): RequestListener {
  let waiting = 0;
  return (request, response) => {
    const place = placeOf(request, model);
    const page = request.method === 'GET' ? model.page(place) : undefined;
    if (page !== undefined) return sendJson(response, 200, page);
    if (request.method !== 'POST' || place !== `${model.path}/infer`) {
      const error = `There is no ${request.method} ${place}; the model is at ${model.path}.`;
      return sendJson(response, 404, { error });
    }
    if (waiting >= most) return sendJson(response, 503, { error: `${most} requests wait already.` });
    waiting += 1;
    answer(model, request, response)
      .catch((error: unknown) => refuse(response, error))
      .finally(() => (waiting -= 1));
  };
}

/** Its only version may be named or not. */
const placeOf = ({ url = '' }: IncomingMessage, { version }: ServedModel): string =>
  url
    .replace(/\?.*$/, '')
    .replace(`/versions/${version}`, '')
    .replace(/(.)\/$/, '$1');

async function answer(model: ServedModel, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const told = request.headers[JSON_LENGTH];
  const body = await readBody(request, LARGEST);
  const question = decodeRequest(body, told === undefined ? undefined : Number(told));
  const { content, jsonLength } = await model.answer(question);
  const type = jsonLength === undefined ? 'application/json' : 'application/octet-stream';
  const length = jsonLength === undefined ? {} : { [JSON_LENGTH]: jsonLength };
  response.writeHead(200, { 'content-type': type, ...length }).end(content);
}

function sendJson(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}

/** What is wrong in the request is the client's to mend; anything else may pass. */
function refuse(response: ServerResponse, error: unknown): void {
  const isClients =
    error instanceof RequestError ||
    (error instanceof DistillError && ['SHAPE', 'OPTION'].includes(error.code));
  if (response.headersSent) response.destroy();
  else sendJson(response, isClients ? 400 : 500, { error: messageOf(error) });
}

function listening(
  server: ReturnType<typeof createServer>,
  { host = '127.0.0.1', port = 0 }: ServeOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const refused = (cause: Error) =>
      reject(
        new DistillError('DATA', `${host}:${port} cannot be listened on: ${cause.message}.`, {
          where: 'serveTeacher',
          cause,
        }),
      );
    server.once('error', refused).listen(port, host, () => {
      const { address, port: got, family } = server.address() as AddressInfo;
      resolve(family === 'IPv6' ? `[${address}]:${got}` : `${address}:${got}`);
    });
  });
}
