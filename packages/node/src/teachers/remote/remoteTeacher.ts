import { DistillError, expected, type TeacherSource } from '@tfjs-distill/core';
import { type ModelRuntime } from '../ModelRuntime.js';
import { runtimeTeacher } from '../runtimeTeacher.js';
import { connectModel, type ModelConnection } from './connectModel.js';
import { type RemoteOptions } from './RemoteOptions.js';

/**
 * A teacher on a model server of the Open Inference Protocol v2: KServe, Triton, MLServer and others.
 *
 * A batch goes out in requests of up to `batchSize` samples, `concurrency` of them at once. A request that fails for a
 * passing reason (no answer, busy, status 5xx, an answer cut short) is repeated, with growing pauses. All teachers of
 * this process that reach a model alike share its connections and the bound, and what several ask at about the same
 * time goes out together; see `window`.
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
  const connection = await connectModel(url, options);
  const { address, metadata } = connection;
  try {
    const { concurrency = 4, logits, name = address.model } = options;
    const runtime = runtimeOf(connection);
    const source = runtimeTeacher(runtime, { name, logits, batchSize: connection.batchSize, concurrency });
    return { metadata, source };
  } catch (error) {
    connection.release();
    throw error;
  }
}

function runtimeOf({ description, metadata, infer, release }: ModelConnection): ModelRuntime {
  const { inputs, outputs } = metadata;
  if (inputs.length === 0)
    throw new DistillError('TEACHER', `${description}: it does not tell the model's inputs.`, {
      hint: 'Give the model a signature on the server (MLServer: `inputs` in model-settings.json).',
    });
  return { description, inputs, outputs, bounded: true, run: infer, dispose: release };
}

function checkOptions(options: RemoteOptions): void {
  const where = 'remoteTeacher';
  for (const name of ['batchSize', 'concurrency', 'timeout'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw expected(name, 'a whole number above 0', value, { where });
  }
  for (const name of ['retries', 'backoff', 'window'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      throw expected(name, 'a whole number from 0', value, { where });
  }
}
