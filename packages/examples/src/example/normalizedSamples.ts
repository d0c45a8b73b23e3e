import { type SampleTensors } from '@tfjs-distill/node';
import { imagenetNormalized } from './imagenetNormalized.js';

/** The same samples, their images as PyTorch's `transforms.Normalize` leaves them; frees those it is given. */
export function normalizedSamples({ x, ...samples }: SampleTensors): SampleTensors {
  const images = imagenetNormalized(x);
  x.dispose();
  return { ...samples, x: images };
}
