/** A request that failed; says whether the same request may succeed later. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    message: string,
    /** The server is down, busy or slow, or an answer was cut short. */
    readonly passing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
