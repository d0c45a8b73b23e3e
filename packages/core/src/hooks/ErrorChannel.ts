import { type TrainContext } from '../context.js';
import { messageOf } from '../errors.js';
import { type Hooks } from './createHooks.js';

/** Tells the plugins what was thrown, each error once. */
export class ErrorChannel {
  readonly #hooks: Hooks;
  readonly #told = new WeakSet<object>();

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
  }

  /** @throws AggregateError if a plugin fails at it; the first error comes first. */
  async tell(error: unknown, context: TrainContext): Promise<void> {
    if (typeof error === 'object' && error !== null) {
      if (this.#told.has(error)) return;
      this.#told.add(error);
    }
    try {
      await this.#hooks.onError.promise(error, context);
    } catch (failure) {
      const message = `${messageOf(error)} (and then ${messageOf(failure)})`;
      throw new AggregateError([error, failure], message, { cause: failure });
    }
  }
}
