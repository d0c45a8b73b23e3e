import { type DistillError, expected } from '@tfjs-distill/core';
import { type ModelAddress } from './RemoteOptions.js';

const SCHEMES = ['http:', 'https:', 'grpc:', 'grpcs:'];

/** Whether a text is the address of a model server. */
export const isModelAddress = (text: string): boolean =>
  SCHEMES.some((scheme) => text.startsWith(`${scheme}//`));

/**
 * Reads `http(s)://host/v2/models/NAME[/versions/VERSION]` or `grpc(s)://host:port/NAME[/VERSION]`.
 *
 * @throws DistillError `OPTION` if it names no model.
 * @example
 * modelAddress('https://gpu7/v2/models/resnet/versions/2'); // { server: 'https://gpu7', model: 'resnet', version: '2' }
 */
export function modelAddress(url: string): ModelAddress {
  if (!isModelAddress(url)) throw noAddress(url);
  const { protocol, host, pathname } = parsed(url);
  const server = `${protocol}//${host}`;
  if (protocol.startsWith('grpc')) {
    const [model, version] = pathname
      .split('/')
      .filter((part) => part !== '' && !/^(v2|models|versions)$/.test(part));
    if (model !== undefined) return { server, model: decodeURIComponent(model), version };
  }
  const match = /^(.*)\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/infer)?\/?$/.exec(pathname);
  if (match === null) throw noAddress(url);
  const [, prefix = '', model = '', version] = match;
  return { server: server + prefix, model: decodeURIComponent(model), version };
}

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw noAddress(url, cause);
  }
}

function noAddress(url: string, cause?: unknown): DistillError {
  const rule = 'http(s)://host/v2/models/NAME or grpc(s)://host:port/NAME';
  return expected('teacher', rule, url, { where: 'remoteTeacher', cause });
}
