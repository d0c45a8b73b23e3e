import { type TeacherCheck } from '@tfjs-distill/core';
import { type LabelEstimate } from '../../label/estimateLabelling.js';
import { bytes } from '../print.js';
import { count, duration } from '../sampleProgress.js';

export function describeTrial({ samples, classes, outputs, accuracy, warnings }: TeacherCheck): string {
  const right = accuracy === undefined ? '' : `, right about ${(100 * accuracy).toFixed(1)} %`;
  const facts = `teacher: ${classes} classes, ${outputs}${right} of ${count(samples)} samples`;
  return [accuracy === undefined ? `teacher: ${classes} classes, ${outputs}` : facts, ...warnings].join('\n');
}

export function describeEstimate(estimate: LabelEstimate, out: string): string {
  const { samples, bytesPerSample, bytes: size, samplesPerSecond, seconds, cost } = estimate;
  const price = cost === undefined ? '' : `, costs ${cost.toFixed(2)}`;
  return `${count(samples)} samples of ${bytesPerSample} bytes: ${bytes(size)} in ${out}, about ${duration(seconds)} at ${count(samplesPerSecond)} samples/s${price}`;
}

interface Result {
  readonly store: string;
  readonly samples: number;
  readonly already: number;
  readonly labelled: number;
  readonly finished: boolean;
  readonly seconds: number;
}

export function describeResult({ store, samples, already, labelled, finished, seconds }: Result): string {
  const done = already + labelled;
  if (!finished)
    return `interrupted: ${count(done)} of ${count(samples)} samples are stored; the same command goes on`;
  if (labelled === 0) return `all ${count(samples)} samples are in ${store} already`;
  const before = already === 0 ? '' : ` (${count(already)} were there)`;
  return `${count(labelled)} samples labelled in ${duration(seconds)}${before}, all ${count(samples)} are in ${store}`;
}
