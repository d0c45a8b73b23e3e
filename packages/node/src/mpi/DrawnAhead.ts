import { keep } from '@tensorflow/tfjs-core';
import { type Batch, type EpochBatches, inputTensors } from '@tfjs-distill/core';

/** Draws the next batch when it is told to, such as while the gradients are on their way. */
export class DrawnAhead {
  #draw: (() => void) | undefined;

  /** Draws one batch, unless that is done, or the data cannot be drawn at once. Safe within a `tidy`. */
  drawNext(): void {
    this.#draw?.();
  }

  /** The same batches; those that come at once can be drawn ahead. */
  over(data: EpochBatches): EpochBatches {
    const drawn = (epoch: number) => {
      const stream = data.batches(epoch);
      return Symbol.iterator in stream ? this.#ahead(stream) : stream;
    };
    return { ...data, batches: drawn };
  }

  *#ahead(stream: Iterable<Batch>): Generator<Batch> {
    const iterator = stream[Symbol.iterator]();
    let next: IteratorResult<Batch, unknown> | undefined;
    this.#draw = () => {
      next ??= iterator.next();
      if (!next.done) tensorsOf(next.value).forEach((tensor) => keep(tensor));
    };
    try {
      for (;;) {
        const drawn = next ?? iterator.next();
        next = undefined;
        if (drawn.done) return;
        yield drawn.value;
      }
    } finally {
      this.#draw = undefined;
      if (next && !next.done) tensorsOf(next.value).forEach((tensor) => tensor.dispose());
      iterator.return?.();
    }
  }
}

const tensorsOf = ({ x, teacherX = [], y, weights }: Batch) => [
  ...inputTensors(x),
  ...inputTensors(teacherX),
  ...[y, weights].filter((tensor) => tensor !== undefined),
];
