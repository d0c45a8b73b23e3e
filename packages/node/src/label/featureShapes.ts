import { dispose } from '@tensorflow/tfjs-core';
import { outputTensors, type StoreHeader, type TeacherSource } from '@tfjs-distill/core';
import { type Samples } from '../data/Dataset.js';
import { sampleTensors } from '../data/sampleTensors.js';

/** Shapes of one sample's features, by asking about one. */
export async function featureShapes(
  teacher: TeacherSource,
  samples: Samples,
  taps: readonly string[],
): Promise<StoreHeader['features']> {
  if (taps.length === 0) return {};
  const { x, y, ids } = sampleTensors(samples, Int32Array.of(0));
  try {
    const said = await teacher.outputs({ x, y, ids }, taps);
    const shapes = taps.map((tap) => [tap, said.features[tap]?.shape.slice(1) ?? []] as const);
    dispose(outputTensors(said));
    return Object.fromEntries(shapes);
  } finally {
    dispose([x, y]);
  }
}
