import { type Tensor1D, tensor1d, tensor4d, type Tensor4D } from '@tensorflow/tfjs-core';
import { fileTeacherStore, httpFiles, type TeacherStore } from '@tfjs-distill/core';
import { fetchBytes, fileUrl } from './fetchBytes.js';
import { SIDE } from './toDigit.js';

/** `data/digits.json`, written by the build. */
export interface DigitsFile {
  readonly train: number;
  readonly test: number;
}

export interface Digits {
  readonly count: number;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

const SIZE = SIDE * SIDE;

async function readFile(): Promise<DigitsFile> {
  return JSON.parse(new TextDecoder().decode(await fetchBytes('data/digits.json'))) as DigitsFile;
}

/** Digits that nothing was trained on. */
export async function testDigits(): Promise<Digits> {
  const [{ test }, pixels, labels] = await Promise.all([
    readFile(),
    fetchBytes('data/test.images'),
    fetchBytes('data/test.labels'),
  ]);
  return { count: test, pixels, labels };
}

/** Digits to train on, and what the teacher said of each. The caller owns the store. */
export async function trainDigits(): Promise<{ readonly digits: Digits; readonly store: TeacherStore }> {
  const [{ train }, pixels, labels, store] = await Promise.all([
    readFile(),
    fetchBytes('data/train.images'),
    fetchBytes('data/train.labels'),
    fileTeacherStore(httpFiles(fileUrl('data/logits')), { classes: 10 }),
  ]);
  return { digits: { count: train, pixels, labels }, store };
}

/** What a model takes. The caller owns the tensors. */
export function digitTensors({ count, pixels, labels }: Digits): {
  readonly x: Tensor4D;
  readonly y: Tensor1D;
} {
  const scaled = Float32Array.from(pixels, (byte) => byte / 255);
  return { x: tensor4d(scaled, [count, SIDE, SIDE, 1]), y: tensor1d(Int32Array.from(labels), 'int32') };
}

export const digitAt = ({ pixels }: Digits, i: number): Uint8Array =>
  pixels.subarray(i * SIZE, (i + 1) * SIZE);
