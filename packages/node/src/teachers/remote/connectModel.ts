import { DistillError, messageOf } from '@tfjs-distill/core';
import { type InferenceClient, type ModelMetadata } from './InferenceClient.js';
import { grpcClient } from './grpcClient.js';
import { mergeRequests } from './mergeRequests.js';
import { modelAddress } from './modelAddress.js';
import { patiently } from './patiently.js';
import { type ModelAddress, type RemoteOptions } from './RemoteOptions.js';
import { restClient } from './restClient.js';

/** A model on a server, within reach. */
export interface ModelConnection {
  readonly address: ModelAddress;
  /** For messages. */
  readonly description: string;
  readonly metadata: ModelMetadata;
  /** Most samples of one request. */
  readonly batchSize: number;
  /** Merges what is asked at about the same time, bounds what is under way, and repeats what fails in passing. */
  readonly infer: InferenceClient['infer'];
  /** The last one to release it closes it. */
  readonly release: () => void;
}

interface Shared {
  readonly opened: Promise<Opened>;
  users: number;
}

type Opened = Omit<ModelConnection, 'release'> & { readonly close: () => void };

/** Of this process, by address and all settings that shape requests. */
const connections = new Map<string, Shared>();

/**
 * Reaches a model on a server. Whoever asks the same model with the same settings in this process gets the same
 * connections: their requests are bounded together, and small ones are merged.
 *
 * @throws DistillError `OPTION` for an address that is none, `TEACHER` if the server or the model does not answer.
 */
export async function connectModel(url: string, options: RemoteOptions): Promise<ModelConnection> {
  const address = modelAddress(url);
  const { name: _, logits: __, ...settings } = options;
  const key = JSON.stringify([address, Object.fromEntries(Object.entries(settings).sort())]);
  const shared = connections.get(key) ?? { opened: open(address, options), users: 0 };
  connections.set(key, shared);
  shared.users += 1;
  const release = once(() => {
    shared.users -= 1;
    if (shared.users > 0) return;
    connections.delete(key);
    void shared.opened.then(
      ({ close }) => close(),
      () => undefined,
    );
  });
  try {
    return { ...(await shared.opened), release };
  } catch (error) {
    release();
    throw error;
  }
}

async function open(address: ModelAddress, options: RemoteOptions): Promise<Opened> {
  const description = `Model server ${address.server}, model "${address.model}"`;
  const client = await (address.server.startsWith('grpc') ? grpcClient : restClient)(address, options);
  try {
    const metadata = await patiently(options, () => client.metadata());
    const batchSize = mostSamples(metadata, options);
    const { concurrency = 4, window } = options;
    const infer = mergeRequests(
      (inputs, outputs) => patiently(options, () => client.infer(inputs, outputs)),
      {
        batchSize,
        concurrency,
        window,
      },
    );
    return { address, description, metadata, batchSize, infer, close: () => client.close() };
  } catch (cause) {
    client.close();
    throw new DistillError('TEACHER', `${description}: ${messageOf(cause)}`, { cause });
  }
}

/** What is wished, what the server takes, and what the model is made for. */
function mostSamples(
  { inputs, maxBatch = Infinity }: ModelMetadata,
  { batchSize = 32 }: RemoteOptions,
): number {
  return inputs[0]?.shape?.[0] ?? Math.min(batchSize, maxBatch);
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
