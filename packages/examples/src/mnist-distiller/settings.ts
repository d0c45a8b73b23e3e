import { type AugmentOptions } from '@tfjs-distill/node';

/** How one network is trained. Adam throughout. */
export interface Training {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Part of the steps that the learning rate rises in; then it falls by half a cosine. 0 and no fall if undefined. */
  readonly warmUp?: number;
  readonly augment?: Omit<AugmentOptions, 'seed' | 'ids'>;
}

export interface Settings {
  readonly name: string;
  /** `deep` is shipped, trained by `--train-teacher`; `keras` is trained in the run, as in Keras's example. */
  readonly teacher: 'deep' | 'keras';
  /** Images whose labels the student sees. */
  readonly labels: number;
  /** Images that the teacher's soft targets are taken of, labelled or not. */
  readonly images: number;
  /** How many students of each kind are trained. */
  readonly seeds: number;
  readonly temperature: number;
  readonly alpha: number;
  readonly alone: Training;
  readonly distilled: Training;
}

export const AUGMENT = { shift: 2, rotate: 12, scale: 0.1 }; // pixels, degrees, part

/** How `--train-teacher` trains the shipped teacher. */
export const TEACHER_TRAINING: Training = {
  epochs: 12,
  batchSize: 128,
  learningRate: 3e-3,
  warmUp: 0.05,
  augment: AUGMENT,
};

/** Few labels, many images: where distillation is used. Chosen by experiment, see the README. */
export const DEFAULT: Settings = {
  name: 'default',
  teacher: 'deep',
  labels: 500,
  images: 60_000,
  seeds: 1,
  temperature: 4,
  alpha: 0.1,
  alone: { epochs: 200, batchSize: 32, learningRate: 2e-3, warmUp: 0, augment: AUGMENT },
  distilled: { epochs: 4, batchSize: 128, learningRate: 8e-3, warmUp: 0 },
};

const KERAS: Training = { epochs: 3, batchSize: 32, learningRate: 1e-3 };
export const KERAS_TEACHER_TRAINING: Training = { ...KERAS, epochs: 5 };

/** The settings of Keras's example (Borup, 2020), all 60,000 labels. */
export const FULL: Settings = {
  name: 'full',
  teacher: 'keras',
  labels: 60_000,
  images: 60_000,
  seeds: 1,
  temperature: 10,
  alpha: 0.1,
  alone: KERAS,
  distilled: KERAS,
};
