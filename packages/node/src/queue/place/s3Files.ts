import { DistillError, type StoredFiles } from '@tfjs-distill/core';
import { s3Parts } from './placeAddress.js';
import { S3Bucket } from './S3Bucket.js';

/**
 * A store in object storage, read in parts: labels need not be fetched before a student learns from them.
 *
 * @param address `s3://bucket/prefix` of the store.
 * @param endpoint Of an S3 server other than Amazon's. Default `AWS_ENDPOINT_URL`.
 * @returns Files for `fileTeacherStore`; `open` and `read` throw DistillError `DATA`.
 * @example
 * const store = await fileTeacherStore(s3Files('s3://labels/mnist'), { classes: 10 });
 */
export function s3Files(address: string, endpoint = process.env['AWS_ENDPOINT_URL']): StoredFiles {
  const { bucket, prefix } = s3Parts(address);
  return bucketFiles(new S3Bucket(bucket, endpoint), prefix, address);
}

/** The objects below a prefix, as the files of a store. */
export function bucketFiles(bucket: S3Bucket, prefix: string, name: string): StoredFiles {
  return {
    name,
    open: async (file) => {
      const key = `${prefix}/${file}`;
      const size = await bucket.size(key);
      if (size === undefined)
        throw new DistillError('DATA', 'The file cannot be read: there is none.', {
          where: `${name}/${file}`,
        });
      return { size, read: (start, end) => bucket.get(key, start, end) };
    },
  };
}
