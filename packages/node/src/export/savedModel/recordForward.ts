import { dispose, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { DistillError } from '@tfjs-distill/core';
import { type NativeBackend } from '../../compiled/binding.js';
import { lazyBindingOf } from '../../compiled/LazyBinding.js';
import { type Recording } from '../../compiled/Recording.js';
import { knownInputs } from '../../compiled/stepRoles.js';
import { type Constant, type Ref, type Trace } from '../../compiled/Trace.js';

/** One forward pass, as operations. */
export interface RecordedForward {
  readonly trace: Trace;
  /** Weights, by input of the trace. */
  readonly weights: ReadonlyMap<number, Constant>;
  /** The model's inputs among those of the trace, in the model's order; −1 for one that nothing uses. */
  readonly inputs: readonly number[];
  /** The model's outputs, in its order. */
  readonly outputs: readonly Ref[];
}

const X = 'x ';

/**
 * Runs a model in inference mode and writes down what it does.
 *
 * @param shapes Of the inputs, with the batch.
 * @throws DistillError `OPTION` if a layer decides by values, which no graph can repeat.
 */
export function recordForward(
  backend: NativeBackend,
  model: LayersModel,
  shapes: readonly (readonly number[])[],
): RecordedForward {
  const lazy = lazyBindingOf(backend);
  const given = model.inputs.map(({ dtype }, i) => zeros([...(shapes[i] as number[])], dtype ?? 'float32'));
  const known = knownInputs(backend, new Map(given.map((tensor, i) => [`${X}${i}`, tensor])));
  let results: Tensor[] = [];
  try {
    let obstacle: string | undefined;
    const onInterrupt = (why: string) => void (obstacle = why);
    const recording = lazy.record({ inputs: known, traces: [], onInterrupt }, () => {
      results = tidy(() => [model.apply(given, { training: false }) as Tensor | Tensor[]].flat());
    });
    if (obstacle !== undefined || recording.looked) throw undecided(obstacle ?? 'values are read');
    return recorded(backend, recording, results);
  } finally {
    dispose([...given, ...results]);
  }
}

function recorded(backend: NativeBackend, recording: Recording, results: readonly Tensor[]): RecordedForward {
  const trace = recording.trace();
  const weights = new Map<number, Constant>();
  trace.inputs.forEach(({ key, layout }, i) => {
    if (key.startsWith(X)) return;
    const values = backend.binding.tensorDataSync(recording.inputIds[i] as number);
    weights.set(i, { ...layout, values });
  });
  const outputs = results.map(
    ({ dataId }) => recording.survivors.get(backend.tensorMap.get(dataId).id) as Ref,
  );
  const places = trace.inputs.flatMap(({ key }) => (key.startsWith(X) ? [Number(key.slice(X.length))] : []));
  const inputs = places.map((_, place) => trace.inputs.findIndex(({ key }) => key === `${X}${place}`));
  return { trace, weights, inputs, outputs };
}

function undecided(why: string): DistillError {
  return new DistillError('OPTION', `The model cannot be one graph: ${why} on its way.`, {
    where: 'exportStudent',
    hint: 'Export it as a LayersModel.',
  });
}
