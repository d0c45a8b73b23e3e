import { readFile } from 'node:fs/promises';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { type TlsFiles } from './RemoteOptions.js';

/** The contents of the given certificate files. */
export async function readTls(files: TlsFiles = {}): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const { ca, cert, key } = files;
  return {
    ...(ca && { ca: await read('ca', ca) }),
    ...(cert && { cert: await read('cert', cert) }),
    ...(key && { key: await read('key', key) }),
  };
}

async function read(name: string, file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new DistillError('DATA', `${file} cannot be read: ${messageOf(cause)}.`, {
      where: `tls.${name}`,
      cause,
    });
  });
}
