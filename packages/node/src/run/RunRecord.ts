import { type Logs } from '@tfjs-distill/core';
import { type Evaluation } from '../evaluation/Evaluation.js';

/** One training: its student, its curve, its outcome. */
export interface TrainingRecord {
  readonly network: 'alone' | 'distilled';
  readonly seed: number;
  /** One row an epoch, as `History` has it; `test_accuracy` at about ten of them. */
  readonly history: readonly Logs[];
  readonly evaluation: Evaluation;
  readonly seconds: number;
  readonly steps: number;
  readonly stopReason?: string;
}

/** Everything one run found: `run.json` in its folder. Plain JSON. */
export interface RunRecord {
  readonly format: 'tfjs-distill.run.1';
  readonly name: string;
  /** The configuration with all defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly engine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Commit of the user's project, `-dirty` behind it if there were changes. */
  readonly git?: string;
  /** Of training and test data. */
  readonly fingerprint: string;
  readonly started: string;
  readonly seconds: number;
  readonly classNames: readonly string[];
  readonly teacher?: Evaluation;
  readonly trainings: readonly TrainingRecord[];
}
