import { type IncomingMessage } from 'node:http';
import { RequestError } from '../teachers/remote/RequestError.js';

/** @throws RequestError if it is larger than `most` bytes. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > most) throw new RequestError(`Expected at most ${most} bytes, got more.`, false);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
