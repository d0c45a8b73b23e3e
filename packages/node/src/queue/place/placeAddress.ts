import { resolve } from 'node:path';
import { expected } from '@tfjs-distill/core';

/** Where shards go and the whole store comes to be. */
export interface PlaceAddress {
  /** A folder's path, or `s3://bucket/prefix`. */
  readonly out: string;
  /** Of an S3 server other than Amazon's. */
  readonly endpoint?: string | undefined;
}

/**
 * An address that means the same to every process.
 *
 * @throws DistillError `OPTION` for an address of another kind, or an endpoint for a folder.
 */
export function placeAddress(out: string, endpoint = endpointOfEnvironment(out)): PlaceAddress {
  if (!isS3(out)) {
    if (/^\w+:\/\//.test(out)) throw expected('--out', 'a folder or s3://bucket/prefix', out);
    if (endpoint !== undefined) throw expected('--out', 's3://bucket/prefix, with --s3-endpoint', out);
    return { out: resolve(out) };
  }
  const { bucket, prefix } = s3Parts(out);
  if (bucket === '' || prefix === '') throw expected('--out', 's3://bucket/prefix', out);
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint))
    throw expected('--s3-endpoint', 'an address such as http://host:9000', endpoint);
  return { out: `s3://${bucket}/${prefix}`, ...(endpoint !== undefined && { endpoint }) };
}

export const isS3 = (out: string): boolean => out.startsWith('s3://');

export function s3Parts(out: string): { readonly bucket: string; readonly prefix: string } {
  const [bucket = '', ...rest] = out.slice('s3://'.length).split('/');
  return { bucket, prefix: rest.filter(Boolean).join('/') };
}

function endpointOfEnvironment(out: string): string | undefined {
  if (!isS3(out)) return undefined;
  return process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
}
