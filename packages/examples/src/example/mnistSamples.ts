import { everyRow, openDataset, type Samples, sampleTensors, type SampleTensors } from '@tfjs-distill/node';

export interface MnistSamples {
  readonly train: SampleTensors;
  readonly test: SampleTensors;
}

/** The first `images` training images of MNIST and all test images, as tensors that the caller owns. */
export async function mnistSamples(
  images: number,
  testImages = 10_000,
  folder?: string,
): Promise<MnistSamples> {
  const { train, test } = await openDataset({ type: 'mnist', ...(folder !== undefined && { path: folder }) });
  return { train: first(train, images), test: first(test, testImages) };
}

const first = (samples: Samples, count: number): SampleTensors =>
  sampleTensors(samples, everyRow(samples).subarray(0, count));
