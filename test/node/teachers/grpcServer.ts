import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { answer } from './modelServer.js';

const PROTOCOL = fileURLToPath(
  new URL('../../../packages/node/proto/open_inference_grpc.proto', import.meta.url),
);

interface Call {
  readonly request: {
    readonly inputs: readonly { readonly shape: readonly [number, number] }[];
    readonly raw_input_contents: readonly Buffer[];
  };
  readonly metadata: { get(name: string): readonly unknown[] };
}
type Done = (error: { code: number; details: string } | null, answer?: unknown) => void;

export interface GrpcServer {
  readonly port: number;
  readonly tokens: unknown[];
  close(): void;
}

/**
 * A gRPC model server that answers with typed lists, after as many failures as told.
 *
 * @param failures Status codes of the first answers.
 */
export async function grpcServer(
  failures: readonly number[] = [],
  credentials = ServerCredentials.createInsecure(),
): Promise<GrpcServer> {
  const definition = loadPackageDefinition(
    loadSync(PROTOCOL, { keepCase: true, longs: Number, defaults: true }),
  );
  const { service } = (
    definition['inference'] as unknown as {
      GRPCInferenceService: { service: ServiceDefinition };
    }
  ).GRPCInferenceService;
  const left = [...failures];
  const tokens: unknown[] = [];
  const port = (name: string, width: number) => ({ name, datatype: 'FP32', shape: [-1, width] });
  const ModelMetadata = (_: Call, done: Done) =>
    done(null, { name: 'network', inputs: [port('x', 4)], outputs: [port('logits', 3), port('hidden', 5)] });
  const ModelInfer = ({ request, metadata }: Call, done: Done) => {
    tokens.push(...metadata.get('authorization'));
    const code = left.shift();
    if (code !== undefined) return done({ code, details: `status ${status[code]}` });
    const bytes = request.raw_input_contents[0]!;
    const data = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
    const { outputs } = answer({
      inputs: [{ shape: request.inputs[0]!.shape.map(Number) as [number, number], data }],
    });
    done(null, {
      outputs: outputs.map(({ data: values, ...rest }) => ({
        ...rest,
        contents: { fp32_contents: values.flat() },
      })),
    });
  };
  const server = new Server();
  server.addService(service, { ModelMetadata, ModelInfer });
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, at) => (error ? reject(error) : resolve(at))),
  );
  return { port: bound, tokens, close: () => server.forceShutdown() };
}
