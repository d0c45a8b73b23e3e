import { type io } from '@tensorflow/tfjs-core';

/** What the page tells the worker. */
export type Order =
  /** Begins, or goes on from the newest checkpoint. */
  { readonly type: 'start'; readonly resume: boolean } | { readonly type: 'pause' };

/** One look at the training. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly secondsLeft: number | undefined;
}

/** What the worker tells the page. */
export type News =
  | { readonly type: 'progress'; readonly progress: Progress; readonly curve: readonly CurvePoint[] }
  /** Share of the test digits that the student gets right, after an epoch. */
  | { readonly type: 'accuracy'; readonly step: number; readonly accuracy: number }
  | { readonly type: 'paused' }
  | { readonly type: 'done'; readonly artifacts: io.ModelArtifacts }
  /** Nothing is lost yet, but it would be. */
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'failed'; readonly text: string };
