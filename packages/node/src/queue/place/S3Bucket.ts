import { type S3Client } from '@aws-sdk/client-s3';
import type * as S3 from '@aws-sdk/client-s3';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { loadOptional } from '../../teachers/loadOptional.js';

/** Objects that one request may delete. */
const DELETED_AT_ONCE = 1000;

/** A bucket of Amazon S3, or of a server that speaks the same. Every failure becomes a DistillError `DATA`. */
export class S3Bucket {
  readonly #s3 = loadOptional<typeof S3>('@aws-sdk/client-s3', 'Stores on s3://');
  readonly #client: S3Client;
  readonly #bucket: string;

  /** @param endpoint Of another server than Amazon's; keys come from where the official client looks for them. */
  constructor(bucket: string, endpoint?: string) {
    this.#bucket = bucket;
    const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
    const region = AWS_REGION ?? AWS_DEFAULT_REGION ?? (endpoint === undefined ? undefined : 'us-east-1');
    this.#client = new this.#s3.S3Client({
      maxAttempts: 5,
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      ...(region !== undefined && { region }),
    });
  }

  /** Writes an object; the server compares its SHA-256 with what arrived. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#asked(key, () => this.#client.send(new this.#s3.PutObjectCommand(this.#upload(key, bytes))));
  }

  /** Writes an object unless there is one: of several at once, one does. @returns Whether it was this one. */
  async putFirst(key: string, bytes: Uint8Array): Promise<boolean> {
    const upload = { ...this.#upload(key, bytes), IfNoneMatch: '*' };
    try {
      await this.#client.send(new this.#s3.PutObjectCommand(upload));
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 412) return false;
      if (status === 409) return this.putFirst(key, bytes); // another is being written: it may yet fail
      throw this.#failure(key, error);
    }
  }

  /** Bytes `start` to before `end` of an object, in a buffer of their own. */
  get(key: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const Range = `bytes=${start}-${end - 1}`;
    return this.#asked(key, async () => {
      if (start === end) return new Uint8Array();
      const command = new this.#s3.GetObjectCommand({ Bucket: this.#bucket, Key: key, Range });
      const { Body } = await this.#client.send(command);
      const bytes = await Body?.transformToByteArray();
      if (bytes?.length !== end - start) throw new RangeError('the object ends early');
      return bytes.slice();
    });
  }

  /** @returns Bytes of an object, `undefined` if there is none. */
  async size(key: string): Promise<number | undefined> {
    try {
      const command = new this.#s3.HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      return (await this.#client.send(command)).ContentLength ?? 0;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw this.#failure(key, error);
    }
  }

  /** Names of all objects that begin so. */
  list(prefix: string): Promise<readonly string[]> {
    const request = { Bucket: this.#bucket, Prefix: prefix };
    return this.#asked(prefix, async () => {
      const keys: string[] = [];
      for await (const { Contents = [] } of this.#s3.paginateListObjectsV2({ client: this.#client }, request))
        for (const { Key } of Contents) if (Key !== undefined) keys.push(Key);
      return keys;
    });
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETED_AT_ONCE) {
      const Objects = keys.slice(at, at + DELETED_AT_ONCE).map((Key) => ({ Key }));
      const request = { Bucket: this.#bucket, Delete: { Objects, Quiet: true } };
      await this.#asked(keys[at] as string, () =>
        this.#client.send(new this.#s3.DeleteObjectsCommand(request)),
      );
    }
  }

  #upload(key: string, bytes: Uint8Array): S3.PutObjectCommandInput {
    return { Bucket: this.#bucket, Key: key, Body: bytes, ChecksumAlgorithm: 'SHA256' };
  }

  async #asked<T>(key: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw this.#failure(key, error);
    }
  }

  #failure(key: string, cause: unknown): DistillError {
    const { name = 'Error', code } = cause as { name?: string; code?: string };
    const reason = [name === 'Error' ? code : name, messageOf(cause)].filter(Boolean).join(': ');
    return new DistillError('DATA', `The S3 server did not do as asked: ${reason}.`, {
      where: `s3://${this.#bucket}/${key}`,
      cause,
    });
  }
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
