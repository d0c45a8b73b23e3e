import { openDataset, type SampleTensors } from '@tfjs-distill/node';
import { firstSamples } from './firstSamples.js';

export interface MnistSamples {
  readonly train: SampleTensors;
  readonly test: SampleTensors;
}

/** The first images of MNIST, as tensors that the caller owns. */
export async function mnistSamples(
  images: number,
  testImages: number,
  folder?: string,
): Promise<MnistSamples> {
  const { train, test } = await openDataset({ type: 'mnist', ...(folder !== undefined && { path: folder }) });
  return { train: firstSamples(train, images), test: firstSamples(test, testImages) };
}
