import { gather, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import {
  type Batch,
  batchSource,
  type Data,
  type Inputs,
  inputTensors,
  isTensor,
  type Latency,
  type LatencyOptions,
  measureLatency,
} from '@tfjs-distill/core';
import { type Subject } from './Subject.js';

/** One sample, as in an app; a small batch, as on a server. */
const BATCHES = [1, 32];

/** Times a model at several batch sizes, on samples of the data. */
export async function measureLatencies(
  subject: Subject,
  data: Data,
  { batches = BATCHES, ...options }: LatencyOptions & { readonly batches?: readonly number[] },
): Promise<Latency[]> {
  const found: Latency[] = [];
  for await (const { batch, free } of batchSource(data, { batchSize: Math.max(...batches) }).epoch(0)) {
    try {
      for (const size of batches) found.push(await timed(subject, batch, size, options));
    } finally {
      free();
    }
    break; // one batch is enough to draw all sizes from
  }
  return found;
}

async function timed(
  subject: Subject,
  batch: Batch,
  size: number,
  options: LatencyOptions,
): Promise<Latency> {
  const sized = repeated(batch, size);
  const run = async () => {
    const logits = await subject.logits(sized);
    await logits.data(); // without it a GPU would only have queued the work
    logits.dispose();
  };
  try {
    return await measureLatency(size, run, options);
  } finally {
    for (const tensor of inputTensors(sized.x)) tensor.dispose();
  }
}

/** `size` samples of a batch, from the front again where it has fewer. */
function repeated({ x, ids }: Batch, size: number): Batch {
  const samples = inputTensors(x)[0]?.shape[0] ?? 1;
  const order = Int32Array.from({ length: size }, (_, i) => i % samples);
  const index = tensor1d(order, 'int32');
  const inputs = mapInputs(x, (tensor) => gather(tensor, index));
  index.dispose();
  return { x: inputs, ...(ids && { ids: order.map((i) => ids[i] ?? 0) }) };
}

function mapInputs(x: Inputs, f: (tensor: Tensor) => Tensor): Inputs {
  if (isTensor(x)) return f(x);
  if (Array.isArray(x)) return (x as readonly Tensor[]).map(f);
  return Object.fromEntries(
    Object.entries(x as Record<string, Tensor>).map(([name, tensor]) => [name, f(tensor)]),
  );
}
