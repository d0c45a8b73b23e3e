import { fileURLToPath } from 'node:url';
import type * as Grpc from '@grpc/grpc-js';
import type * as ProtoLoader from '@grpc/proto-loader';
import { bytesOf, decodeValues, encodeValues } from '../datatypes.js';
import { loadOptional } from '../loadOptional.js';
import { type ModelPort, type PortValues } from '../ModelRuntime.js';
import { type InferenceClient } from './InferenceClient.js';
import { type ModelAddress, type RemoteOptions } from './RemoteOptions.js';
import { RequestError } from './RequestError.js';
import { toPort } from './restClient.js';
import { readTls } from './readTls.js';

const PROTOCOL = fileURLToPath(new URL('../../../proto/open_inference_grpc.proto', import.meta.url));
const INSTALL = 'npm install @grpc/grpc-js @grpc/proto-loader';

type GrpcOptions = Pick<RemoteOptions, 'headers' | 'tls' | 'timeout'>;
type Call = (
  request: object,
  metadata: Grpc.Metadata,
  options: Grpc.CallOptions,
  done: (error: Grpc.ServiceError | null, answer: unknown) => void,
) => void;
type Service = Grpc.Client & Readonly<Record<'ModelMetadata' | 'ModelInfer', Call>>;

/** Talks to a model server by gRPC, numbers always raw. Needs `@grpc/grpc-js` and `@grpc/proto-loader`. */
export async function grpcClient(address: ModelAddress, options: GrpcOptions): Promise<InferenceClient> {
  const grpc = loadOptional<typeof Grpc>('@grpc/grpc-js', 'gRPC model servers', INSTALL);
  const service = await connect(grpc, address, options);
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) metadata.set(name, value);
  const { timeout = 30_000 } = options;
  const named = { model: address.model, version: address.version ?? '' };

  const call = (method: 'ModelMetadata' | 'ModelInfer', request: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + timeout;
      service[method](request, metadata, { deadline }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(refusal(grpc, error, timeout));
      });
    });

  return {
    async metadata() {
      const { platform, versions, inputs, outputs } = (await call('ModelMetadata', {
        name: named.model,
        version: named.version,
      })) as { platform: string; versions: string[]; inputs: ModelPort[]; outputs: ModelPort[] };
      return { platform, versions, inputs: inputs.map(toPort), outputs: outputs.map(toPort) };
    },
    async infer(inputs, outputs) {
      const answer = await call('ModelInfer', {
        model_name: named.model,
        model_version: named.version,
        inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
        outputs: outputs.map((name) => ({ name })),
        raw_input_contents: inputs.map(({ values, datatype }) => encodeValues(values, datatype)),
      });
      return decodeAnswer(answer as InferResponse);
    },
    close: () => service.close(),
  };
}

async function connect(grpc: typeof Grpc, { server }: ModelAddress, { tls }: GrpcOptions): Promise<Service> {
  const loader = loadOptional<typeof ProtoLoader>('@grpc/proto-loader', 'gRPC model servers', INSTALL);
  const definition = await loader.load(PROTOCOL, { keepCase: true, longs: Number, defaults: true });
  const { inference } = grpc.loadPackageDefinition(definition) as unknown as {
    inference: {
      GRPCInferenceService: new (
        host: string,
        credentials: Grpc.ChannelCredentials,
        options: object,
      ) => Service;
    };
  };
  const { protocol, host } = new URL(server);
  const { ca = null, key = null, cert = null } = await readTls(tls);
  const credentials =
    protocol === 'grpcs:' ? grpc.credentials.createSsl(ca, key, cert) : grpc.credentials.createInsecure();
  return new inference.GRPCInferenceService(host, credentials, {
    'grpc.max_receive_message_length': -1, // a batch of features is larger than the usual 4 MB
    'grpc.max_send_message_length': -1,
  });
}

interface InferResponse {
  readonly outputs: readonly (Omit<PortValues, 'values'> & {
    readonly contents: Record<string, unknown[]> | null;
  })[];
  readonly raw_output_contents: readonly Uint8Array[];
}

/** Servers answer raw, or with a typed list each. */
function decodeAnswer({ outputs, raw_output_contents: raw }: InferResponse): readonly PortValues[] {
  return outputs.map(({ name, datatype, shape, contents }, i) => {
    const bytes = raw[i];
    if (bytes !== undefined) {
      if (bytes.byteLength % bytesOf(datatype) !== 0)
        throw new RequestError(
          `Expected whole numbers of ${datatype} in output "${name}", got ${bytes.byteLength} bytes.`,
          true,
        );
      return { name, datatype, shape, values: decodeValues(bytes, datatype) };
    }
    const values = Object.values(contents ?? {}).find((list) => Array.isArray(list) && list.length > 0) ?? [];
    return { name, datatype, shape, values: values.map(Number) };
  });
}

function refusal(
  { status }: typeof Grpc,
  { code, details }: Grpc.ServiceError,
  timeout: number,
): RequestError {
  if (code === status.DEADLINE_EXCEEDED) return new RequestError(`No answer within ${timeout} ms.`, true);
  const passing = [
    status.UNAVAILABLE,
    status.RESOURCE_EXHAUSTED,
    status.ABORTED,
    status.INTERNAL,
    status.UNKNOWN,
  ];
  const name = status[code] ?? code;
  return new RequestError(
    `gRPC status ${name}${details ? ` (${details.slice(0, 300)})` : ''}.`,
    passing.includes(code),
  );
}
