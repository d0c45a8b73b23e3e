import { type ModelPort, type PortValues } from '../ModelRuntime.js';

/** What a server tells of a model. */
export interface ModelMetadata {
  readonly platform: string;
  readonly versions: readonly string[];
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** Most samples of one request, where the server tells. */
  readonly maxBatch?: number | undefined;
}

/** One way of talking to a model server. Throws a `RequestError` of one request; repeats nothing. */
export interface InferenceClient {
  metadata(): Promise<ModelMetadata>;
  infer(inputs: readonly PortValues[], outputs: readonly string[]): Promise<readonly PortValues[]>;
  close(): void;
}
