import { classScores, confusionMatrix } from '@tfjs-distill/core';
import { calibrationBins, expectedCalibrationError } from '../../../packages/core/src/metrics/calibration.js';
import { type Evaluation } from '../../../packages/node/src/evaluation/Evaluation.js';
import { type RunRecord, type TrainingRecord } from '../../../packages/node/src/run/RunRecord.js';

/** A run as it would come out, with numbers that are made up but fit together. */
export function sampleRecord({
  seeds = 3,
  names = DIGITS,
}: { seeds?: number; names?: readonly string[] } = {}): RunRecord {
  const training = (network: 'alone' | 'distilled', seed: number): TrainingRecord => ({
    network,
    seed,
    history: history(network, seed),
    evaluation: evaluation(network === 'alone' ? 0.94 - seed / 300 : 0.975 - seed / 900, names, false),
    seconds: 20,
    steps: 1880,
  });
  const all = Array.from({ length: seeds }, (_, i) => i + 1);
  return {
    format: 'tfjs-distill.run.1',
    name: 'digits <&"',
    config: { data: 'mnist', criterion: [{ type: 'kd', temperature: 4, alpha: 0.1 }], seeds: all },
    engine: 'wasm',
    versions: { 'tfjs-distill': '0.1.0', node: '20.19.0' },
    git: '0123abc-dirty',
    fingerprint: '5f0c22aa',
    started: '2026-01-01T00:00:00.000Z',
    seconds: 92.4,
    classNames: names,
    teacher: evaluation(0.991, names, true),
    trainings: all.flatMap((seed) => [training('alone', seed), training('distilled', seed)]),
  };
}

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

function history(network: 'alone' | 'distilled', seed: number): Record<string, number>[] {
  return Array.from({ length: 8 }, (_, epoch) => {
    const left = Math.exp(-epoch / 2);
    const noise = (0.01 * Math.sin(seed * 7 + epoch * 3)) / (epoch + 1);
    const task = 0.1 + 0.9 * left + noise;
    const kd = {
      kd: 0.2 + 3 * left + noise,
      'kd.gradient': 0.4 * left + 0.02,
      'task.gradient': 0.1 * left + 0.01,
    };
    return {
      loss: network === 'alone' ? task : 0.1 * task + 0.9 * kd.kd,
      task,
      ...(network === 'distilled' && kd),
      val_loss: task,
      val_accuracy: (network === 'alone' ? 0.94 : 0.975) - 0.3 * left + noise,
    };
  });
}

function evaluation(accuracy: number, names: readonly string[], teacher: boolean): Evaluation {
  const samples = 1000;
  const truth = Array.from({ length: samples }, (_, i) => i % names.length);
  const answers = truth.map((label, i) =>
    ((i * 7919) % samples) / samples < accuracy ? label : (label + 1 + (i % 3)) % names.length,
  );
  const correct = truth.map((label, i) => label === answers[i]);
  const confidences = truth.map((_, i) => 1 - (1 - accuracy) * 12 * (((i * 31) % 97) / 97) ** 4 * 0.9);
  const calibration = calibrationBins(
    confidences.map((value) => Math.max(value, 0.2)),
    correct,
  );
  const confusion = confusionMatrix(truth, answers, names.length);
  return {
    samples,
    accuracy: correct.filter(Boolean).length / samples,
    top5: 0.999,
    loss: 2.5 * (1 - accuracy),
    ece: expectedCalibrationError(calibration),
    calibration,
    ...(!teacher && { agreement: accuracy + 0.005, klToTeacher: 1 - accuracy }),
    confusion,
    classes: classScores(confusion).map((scores, i) => ({ name: names[i] ?? '', ...scores })),
    parameters: teacher ? 160_602 : 20_490,
    flops: teacher ? 21_400_000 : 1_430_000,
    bytes: 4 * (teacher ? 160_602 : 20_490),
    latency: [
      { batch: 1, p50: teacher ? 2.1 : 0.41, p95: teacher ? 2.9 : 0.6 },
      { batch: 32, p50: teacher ? 31 : 4.2, p95: teacher ? 36 : 5.5 },
    ],
  };
}
