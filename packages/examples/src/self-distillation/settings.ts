import { type HeadName } from '@tfjs-distill/core';

export interface Settings {
  /** Training images, those for calibration included; the first ones. */
  readonly images: number;
  /** How many of them train nothing: the threshold is chosen on them. */
  readonly calibration: number;
  readonly testImages: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Filters of the four blocks. */
  readonly widths: readonly [number, number, number, number];
  readonly head: HeadName;
  readonly seeds: number;
}

/** Cut to about two minutes on two cores: a fifteenth of the images, a narrow network, one seed. */
export const DEFAULT: Settings = {
  images: 4000,
  calibration: 1000,
  testImages: 1000,
  epochs: 6,
  batchSize: 32,
  learningRate: 1e-2,
  widths: [8, 16, 32, 32],
  head: 'bottleneck',
  seeds: 1,
};

/** All images, four times the filters. */
export const FULL: Settings = {
  images: Infinity,
  calibration: 5000,
  testImages: Infinity,
  epochs: 20,
  batchSize: 64,
  learningRate: 3e-3,
  widths: [32, 64, 128, 128],
  head: 'attention',
  seeds: 3,
};
