import { rowBytes, type StoreHeader } from '@tfjs-distill/core';

/** What labelling will take. */
export interface LabelEstimate {
  readonly samples: number;
  readonly bytesPerSample: number;
  readonly bytes: number;
  readonly samplesPerSecond: number;
  readonly seconds: number;
  /** In the currency of the hourly price, where one is given. */
  readonly cost?: number;
}

/**
 * Size, time and cost of labelling, before it starts.
 *
 * @param samples Still to be labelled.
 * @param rate Samples a second, measured.
 * @param hourly Price of an hour of the machine that the teacher runs on.
 */
export function estimateLabelling(
  header: StoreHeader,
  samples: number,
  rate: number,
  hourly?: number,
): LabelEstimate {
  const bytesPerSample = rowBytes(header);
  const seconds = samples / rate;
  return {
    samples,
    bytesPerSample,
    bytes: bytesPerSample * samples,
    samplesPerSecond: rate,
    seconds,
    ...(hourly !== undefined && { cost: (seconds / 3600) * hourly }),
  };
}
