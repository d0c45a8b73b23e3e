import { DistillError, expected, messageOf, type TeacherSource } from '@tfjs-distill/core';
import retry from 'p-retry';
import { type ModelRuntime } from '../ModelRuntime.js';
import { runtimeTeacher } from '../runtimeTeacher.js';
import { type InferenceClient, type ModelMetadata } from './InferenceClient.js';
import { grpcClient } from './grpcClient.js';
import { modelAddress } from './modelAddress.js';
import { type RemoteOptions } from './RemoteOptions.js';
import { RequestError } from './RequestError.js';
import { restClient } from './restClient.js';

const LONGEST_PAUSE = 30_000;

/**
 * A teacher on a model server of the Open Inference Protocol v2: KServe, Triton, MLServer and others.
 *
 * A batch goes out in requests of `batchSize` samples, `concurrency` of them at once. A request that fails for a passing
 * reason (no answer, busy, status 5xx, an answer cut short) is repeated, with growing pauses.
 *
 * @param url `http(s)://host/v2/models/NAME[/versions/VERSION]`, or `grpc(s)://host:port/NAME[/VERSION]`, which needs
 *   `@grpc/grpc-js` and `@grpc/proto-loader`.
 * @returns Source; dispose it when done.
 * @throws DistillError `OPTION` for a setting out of range, `TEACHER` if the server or the model does not answer. What
 *   it answers later is checked too; errors name server, model and batch.
 *
 * @example
 * const teacher = await remoteTeacher('https://gpu7/v2/models/resnet', { headers: { authorization: 'Bearer …' } });
 *
 * @see https://github.com/kserve/open-inference-protocol
 */
export async function remoteTeacher(url: string, options: RemoteOptions = {}): Promise<TeacherSource> {
  return (await openRemote(url, options)).source;
}

/** The source together with what the server tells of the model. */
export async function openRemote(url: string, options: RemoteOptions = {}) {
  checkOptions(options);
  const address = modelAddress(url);
  const description = `Model server ${address.server}, model "${address.model}"`;
  const client = await (address.server.startsWith('grpc') ? grpcClient : restClient)(address, options);
  try {
    const metadata = await patiently(options, () => client.metadata()).catch((cause: unknown) => {
      throw new DistillError('TEACHER', `${description}: ${messageOf(cause)}`, { cause });
    });
    const runtime = runtimeOf(description, client, metadata, options);
    const { batchSize = 32, concurrency = 4, logits, name = address.model } = options;
    return { metadata, source: runtimeTeacher(runtime, { name, logits, batchSize, concurrency }) };
  } catch (error) {
    client.close();
    throw error;
  }
}

function runtimeOf(
  description: string,
  client: InferenceClient,
  { inputs, outputs }: ModelMetadata,
  options: RemoteOptions,
): ModelRuntime {
  if (inputs.length === 0)
    throw new DistillError('TEACHER', `${description}: it does not tell the model's inputs.`, {
      hint: 'Give the model a signature on the server (MLServer: `inputs` in model-settings.json).',
    });
  return {
    description,
    inputs,
    outputs,
    run: (asked, wanted) => patiently(options, () => client.infer(asked, wanted)),
    dispose: () => client.close(),
  };
}

/** Repeats what failed for a passing reason; says how often it was tried. */
async function patiently<T>(
  { retries = 5, backoff = 250 }: RemoteOptions,
  request: () => Promise<T>,
): Promise<T> {
  let tries = 0;
  try {
    return await retry(
      () => {
        tries += 1;
        return request();
      },
      {
        retries,
        minTimeout: backoff,
        maxTimeout: LONGEST_PAUSE,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof RequestError && error.passing,
      },
    );
  } catch (cause) {
    if (tries < 2) throw cause;
    throw new RequestError(`${messageOf(cause)} Tried ${tries} times.`, true, { cause });
  }
}

function checkOptions(options: RemoteOptions): void {
  const where = 'remoteTeacher';
  for (const name of ['batchSize', 'concurrency', 'timeout'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw expected(name, 'a whole number above 0', value, { where });
  }
  for (const name of ['retries', 'backoff'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      throw expected(name, 'a whole number from 0', value, { where });
  }
}
