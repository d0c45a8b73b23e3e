import { type Plan, planOf } from './planOf.js';
import { type ExampleOptions } from './runExample.js';

interface DigitsPlan extends Plan {
  readonly testImages: number;
}

const SHORT: DigitsPlan = { images: 1000, testImages: 10_000, epochs: 15, seeds: 1 };
const FULL: DigitsPlan = { ...SHORT, images: 10_000, epochs: 10, seeds: 3 };

/** How much of MNIST the examples without a source of their own take. */
export const digitsPlan = (options: ExampleOptions): DigitsPlan =>
  planOf(options.full ? FULL : SHORT, options);
