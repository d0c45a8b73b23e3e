import { everyRow, type Samples, sampleTensors, type SampleTensors } from '@tfjs-distill/node';

/** The first samples of a set, all if there are no more, as tensors that the caller owns. */
export function firstSamples(samples: Samples, count: number): SampleTensors {
  return sampleTensors(samples, everyRow(samples).subarray(0, count));
}
