/** How a model server is reached and asked. */
export interface RemoteOptions {
  /** Name in reports and messages. Default: the model's. */
  readonly name?: string | undefined;
  /** Output with the logits or probabilities. Default: the only one, or the one called `logits`. */
  readonly logits?: string | undefined;
  /** Most samples of one request; fewer where the server says that it takes fewer. Default 32. */
  readonly batchSize?: number | undefined;
  /** Requests under way at once, of all in this process that reach the model alike. Default 4. */
  readonly concurrency?: number | undefined;
  /**
   * Milliseconds that an ask of fewer samples waits for others of this process to go along in one request. Default 0:
   * only what is asked at the same moment, or while `concurrency` requests are under way.
   */
  readonly window?: number | undefined;
  /** Longest wait for one answer, milliseconds. Default 30,000. */
  readonly timeout?: number | undefined;
  /** How often a request is repeated that failed for a passing reason. Default 5. */
  readonly retries?: number | undefined;
  /** Wait before the first repetition, milliseconds; doubled each time, up to 30 s. Default 250. */
  readonly backoff?: number | undefined;
  /** Sent with every request, such as `{ authorization: 'Bearer …' }`. gRPC sends them as metadata. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Files in PEM format, for servers with a certificate of their own or that ask for one. */
  readonly tls?: TlsFiles | undefined;
}

export interface TlsFiles {
  /** Certificates to trust instead of the system's. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A model on a server: what a URL says. */
export interface ModelAddress {
  /** `http://host:port` or `grpc://host:port`, with what precedes `/v2` of a path. */
  readonly server: string;
  readonly model: string;
  readonly version?: string | undefined;
}
