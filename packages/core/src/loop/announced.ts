import { type CompressionManager } from '../CompressionManager.js';
import { type Batch } from '../Batch.js';

/** A batch on loan from its source. */
export interface LentBatch {
  readonly batch: Batch;
  /** To be called when the batch has been used. */
  readonly free: () => void;
}

/**
 * The same batches, each drawn and announced to the teacher while the one before it is used; as they
 * are where the teacher has no use for it.
 *
 * @param skipped Batches at the beginning that nobody will ask the teacher for.
 */
export function announced(
  manager: CompressionManager,
  batches: AsyncIterable<LentBatch>,
  skipped: number,
): AsyncIterable<LentBatch> {
  if (manager.teacher?.prefetch === undefined) return batches;
  let left = skipped;
  return drawnAhead(batches, ({ batch }) => {
    if (left-- <= 0) manager.announce(batch);
  });
}

/** Draws one item ahead. What is drawn and not used is freed. */
export async function* drawnAhead<T extends Pick<LentBatch, 'free'>>(
  items: AsyncIterable<T>,
  onDrawn: (item: T) => void,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const draw = async () => {
    const drawn = await iterator.next();
    if (!drawn.done) onDrawn(drawn.value);
    return drawn;
  };
  let next = draw();
  try {
    for (let drawn = await next; !drawn.done; drawn = await next) {
      next = draw();
      next.catch(() => undefined); // thrown when it is its turn
      yield drawn.value;
    }
  } finally {
    const left = await next.catch(() => undefined);
    if (left !== undefined && !left.done) left.value.free();
    await iterator.return?.();
  }
}
