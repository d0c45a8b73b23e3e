import { type PortValues } from '../ModelRuntime.js';
import { type InferenceClient } from './InferenceClient.js';
import { mergeInputs, samplesOf, splitOutputs } from './mergedValues.js';
import { RequestError } from './RequestError.js';

type Infer = InferenceClient['infer'];

export interface MergeOptions {
  /** Most samples of one request. */
  readonly batchSize: number;
  /** Most requests under way at once; whoever asks more waits. */
  readonly concurrency: number;
  /** Milliseconds that an ask of fewer samples waits for others to go along. Default 0: only for those of its moment. */
  readonly window?: number | undefined;
}

interface Ask {
  readonly inputs: readonly PortValues[];
  readonly outputs: readonly string[];
  readonly samples: number;
  /** Asks of one kind, the same outputs of samples of the same shape, can go together. */
  readonly kind: string;
  readonly since: number;
  readonly resolve: (answer: readonly PortValues[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Merges what several callers ask a model at about the same time into requests of up to `batchSize` samples, and gives
 * each its own rows of the answer. No more than `concurrency` requests are under way; what is asked meanwhile waits in
 * order, and goes along with the next. A model costs much less for one batch of 32 than for eight of 4.
 *
 * Where a merged request is refused, each ask is sent by itself, so that only the wrong one fails.
 *
 * @param infer Sends one request.
 * @returns A function of the same form, to be shared by the callers.
 *
 * @example
 * const infer = mergeRequests(client.infer, { batchSize: 32, concurrency: 4, window: 2 });
 * await Promise.all(students.map(({ x }) => infer([x], ['logits']))); // eight students of 4 samples: one request
 */
export function mergeRequests(infer: Infer, { batchSize, concurrency, window = 0 }: MergeOptions): Infer {
  const waiting: Ask[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;

  function wake(delay: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      pump();
    }, delay);
  }

  function pump(): void {
    while (waiting.length > 0 && underWay < concurrency) {
      const { group, full } = nextGroup(waiting, batchSize);
      const left = (group[0] as Ask).since + window - performance.now();
      if (!full && left > 0) return wake(left);
      group.forEach((ask) => waiting.splice(waiting.indexOf(ask), 1));
      underWay += 1;
      void send(infer, group).finally(() => {
        underWay -= 1;
        pump();
      });
    }
  }

  return (inputs, outputs) =>
    new Promise((resolve, reject) => {
      const ask = { inputs, outputs, samples: samplesOf(inputs), kind: kindOf(inputs, outputs) };
      waiting.push({ ...ask, since: performance.now(), resolve, reject });
      if (underWay < concurrency) setImmediate(pump); // others of this turn come along
    });
}

function kindOf(inputs: readonly PortValues[], outputs: readonly string[]): string {
  const ports = inputs.map(({ name, datatype, shape }) => [name, datatype, ...shape.slice(1)]);
  return JSON.stringify([ports, outputs]);
}

/** The oldest ask and those of its kind that fit beside it; full if more samples would not. */
function nextGroup(waiting: readonly Ask[], batchSize: number): { group: readonly Ask[]; full: boolean } {
  const [first] = waiting as readonly [Ask];
  const group: Ask[] = [];
  let samples = 0;
  for (const ask of waiting) {
    if (ask.kind !== first.kind) continue;
    if (group.length > 0 && samples + ask.samples > batchSize) return { group, full: true };
    group.push(ask);
    samples += ask.samples;
  }
  return { group, full: samples >= batchSize };
}

async function send(infer: Infer, group: readonly Ask[]): Promise<void> {
  const [first, second] = group as readonly [Ask, Ask?];
  if (second === undefined) return alone(infer, first);
  try {
    const answer = await infer(mergeInputs(group.map(({ inputs }) => inputs)), first.outputs);
    const parts = splitOutputs(
      answer,
      group.map(({ samples }) => samples),
    );
    group.forEach(({ resolve }, i) => resolve(parts[i] as readonly PortValues[]));
  } catch (error) {
    if (error instanceof RequestError && error.passing) group.forEach(({ reject }) => reject(error));
    else for (const ask of group) await alone(infer, ask);
  }
}

const alone = (infer: Infer, { inputs, outputs, resolve, reject }: Ask): Promise<void> =>
  infer(inputs, outputs).then(resolve, reject);
