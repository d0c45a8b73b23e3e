import { type ExampleOptions } from './runExample.js';

/** How much of everything an example takes. */
export interface Plan {
  readonly images: number;
  readonly epochs: number;
  /** How many. */
  readonly seeds: number;
}

/** A preset, with what the command line says otherwise. */
export function planOf<P extends Plan>(
  preset: P,
  { images, epochs, seeds }: Partial<Pick<ExampleOptions, keyof Plan>>,
): P {
  return {
    ...preset,
    images: images ?? preset.images,
    epochs: epochs ?? preset.epochs,
    seeds: seeds ?? preset.seeds,
  };
}

/** `1 … count` */
export const seedsOf = ({ seeds }: Plan): number[] => Array.from({ length: seeds }, (_, i) => i + 1);
