import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { A, B } from '../../fixtures/teachers/referenceModel.js';

/** A request for answers, as the protocol's JSON has it. */
interface Question {
  readonly inputs: readonly { readonly shape: readonly [number, number]; readonly data: readonly number[] }[];
}

/** What a server does with one request for answers, instead of or before answering rightly. */
export type Fault = (
  question: Question,
  response: ServerResponse,
  count: number,
) => boolean | Promise<boolean>;

export interface ModelServer {
  /** Address of the model. */
  readonly url: string;
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

/**
 * A model server that misbehaves as told: plain HTTP, one model of the fixtures' weights.
 *
 * @param fault Called with each request for answers and its number from 1; true if it answered by itself.
 */
export async function modelServer(fault: Fault = () => false): Promise<ModelServer> {
  const requests: IncomingMessage[] = [];
  let count = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    const send = (body: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    if (request.url === '/v2') return void send({ name: 'test', extensions: [] });
    if (request.method === 'GET') return void send(METADATA);
    void bodyOf(request).then(async (question) => {
      count += 1;
      if (!(await fault(question, response, count))) send(answer(question));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/v2/models/network`, requests, close };
}

const METADATA = {
  name: 'network',
  versions: ['1'],
  platform: 'test',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
  outputs: [
    { name: 'logits', datatype: 'FP32', shape: [-1, 3] },
    { name: 'hidden', datatype: 'FP32', shape: [-1, 5] },
  ],
};

async function bodyOf(request: IncomingMessage): Promise<Question> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Question;
}

/** The right answer. */
export function answer({ inputs }: Question) {
  const { shape, data } = inputs[0]!;
  const rows = Array.from({ length: shape[0] }, (_, i) => data.slice(i * 4, i * 4 + 4));
  const product = (row: readonly number[], matrix: number[][]) =>
    matrix[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * matrix[i]![j]!, 0));
  const hidden = rows.map((row) => product(row, A).map((value) => Math.max(0, value)));
  const logits = hidden.map((row) => product(row, B));
  return {
    model_name: 'network',
    outputs: [
      { name: 'logits', datatype: 'FP32', shape: [rows.length, 3], data: logits },
      { name: 'hidden', datatype: 'FP32', shape: [rows.length, 5], data: hidden.flat() },
    ],
  };
}
