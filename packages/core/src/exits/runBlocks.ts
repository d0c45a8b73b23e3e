import {
  clone,
  concat,
  dispose,
  gather,
  max,
  softmax,
  type Tensor,
  tensor1d,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { runCalls, type Values } from './computation.js';
import { type ExitBlock } from './exitBlocks.js';

/** Samples that are on their way. Owns its values. */
interface Group {
  /** Their places in the batch. */
  readonly rows: Int32Array;
  readonly values: Values;
}

/** Samples that have left. */
interface Answered {
  readonly rows: Int32Array;
  readonly logits: Tensor2D;
  readonly exit: number;
}

/** The threshold of the last block, whatever it says: nothing is read. */
const LEAVE = -Infinity;

/**
 * Runs blocks one after the other on those samples that no exit before was sure of.
 *
 * @param inputs What the first block needs; stays the caller's.
 * @returns Logits `[batch, classes]`, which the caller owns, and the block that each came from.
 */
export async function runBlocks(
  blocks: readonly ExitBlock[],
  inputs: Values,
  samples: number,
  threshold: number,
): Promise<{ logits: Tensor2D; exits: Int32Array }> {
  const answered: Answered[] = [];
  let group: Group | undefined = {
    rows: Int32Array.from({ length: samples }, (_, i) => i),
    values: copied(inputs),
  };
  try {
    for (const [exit, block] of blocks.entries()) {
      if (group === undefined) break;
      const last = exit === blocks.length - 1;
      const { leaving, staying }: Split = await runBlock(block, group, last ? LEAVE : threshold);
      if (leaving !== undefined) answered.push({ ...leaving, exit });
      group = staying;
    }
    return assembled(answered, samples);
  } finally {
    dispose([...(group?.values.values() ?? [])]);
    dispose(answered.map(({ logits }) => logits));
  }
}

interface Split {
  readonly leaving: { readonly rows: Int32Array; readonly logits: Tensor2D } | undefined;
  readonly staying: Group | undefined;
}

/** Takes over the group's values, also where it throws. */
async function runBlock(block: ExitBlock, { rows, values }: Group, threshold: number): Promise<Split> {
  const { logits, confidence, live } = ran(block, values);
  try {
    const sure = threshold === LEAVE ? rows.map(() => 1) : await sureOf(confidence, threshold);
    const placesOf = (wanted: number) => rows.map((_, i) => i).filter((i) => sure[i] === wanted);
    const rowsAt = (places: Int32Array) => places.map((i) => rows[i] as number);
    const [staying, leaving] = [placesOf(0), placesOf(1)];
    return {
      leaving: leaving.length > 0 ? { rows: rowsAt(leaving), logits: rowsOf(logits, leaving) } : undefined,
      staying: staying.length > 0 ? { rows: rowsAt(staying), values: kept(block, live, staying) } : undefined,
    };
  } finally {
    dispose([logits, confidence, ...live]);
  }
}

async function sureOf(confidence: Tensor1D, threshold: number): Promise<Int32Array> {
  const values = await confidence.data();
  return Int32Array.from(values, (value) => (value >= threshold ? 1 : 0));
}

function ran({ calls, logits, live }: ExitBlock, values: Values) {
  try {
    return tidy(() => {
      const all = runCalls(calls, values);
      const answers = all.get(logits.id) as Tensor2D;
      return {
        logits: clone(answers),
        confidence: max<Tensor1D>(softmax(answers), -1),
        live: live.map(({ id }) => clone(all.get(id) as Tensor)),
      };
    });
  } finally {
    dispose([...values.values()]);
  }
}

function kept({ live }: ExitBlock, tensors: readonly Tensor[], places: Int32Array): Values {
  return new Map(live.map(({ id }, i) => [id, rowsOf(tensors[i] as Tensor, places)]));
}

function rowsOf<T extends Tensor>(tensor: T, places: Int32Array): T {
  if (places.length === tensor.shape[0]) return clone(tensor);
  return tidy(() => gather(tensor, tensor1d(places, 'int32')));
}

/** All answers, in the order of the batch. */
function assembled(answered: readonly Answered[], samples: number): { logits: Tensor2D; exits: Int32Array } {
  const exits = new Int32Array(samples);
  const order = new Int32Array(samples);
  let place = 0;
  for (const { rows, exit } of answered) {
    for (const row of rows) {
      exits[row] = exit;
      order[row] = place++;
    }
  }
  const parts = answered.map(({ logits }) => logits);
  const logits = tidy(() =>
    parts.length === 1 ? clone(parts[0] as Tensor2D) : gather(concat(parts), tensor1d(order, 'int32')),
  );
  return { logits, exits };
}

function copied(values: Values): Values {
  return new Map([...values].map(([id, tensor]) => [id, clone(tensor)]));
}
