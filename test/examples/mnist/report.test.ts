import { describe, expect, it } from 'vitest';
import { agreement, predictions } from '../../../packages/examples/src/mnist-distiller/logitsOf.js';
import { exampleRecord } from '../../../packages/examples/src/mnist-distiller/exampleRecord.js';
import {
  finding,
  legend,
  plan,
  type Results,
  stepLine,
  tableCells,
} from '../../../packages/examples/src/mnist-distiller/results.js';
import { DEFAULT, FULL } from '../../../packages/examples/src/mnist-distiller/settings.js';

const network = (accuracy: number, ...accuracies: number[]) => ({
  accuracy,
  accuracies: accuracies.length > 0 ? accuracies : [accuracy],
  parameters: 20490,
  bytes: 84_562,
  msPerImage: 0.384,
  agreement: 0.9871,
});

const results: Results = {
  engine: 'wasm',
  settings: DEFAULT,
  seeds: [1, 2],
  testImages: 10_000,
  teacher: network(0.9946),
  alone: network(0.96, 0.955, 0.965),
  distilled: network(0.985, 0.984, 0.986),
  step: { batchSize: 32, alone: 2, stored: 2.125, live: 9.5 },
  curves: (['alone', 'distilled'] as const).flatMap((name) =>
    [1, 2].map((seed) => ({
      network: name,
      seed,
      points: [
        { epoch: 1, images: 100, loss: 1, accuracy: 0.9 },
        { epoch: 2, images: 200, loss: 0.1, accuracy: 0.95 },
      ],
    })),
  ),
  seconds: 61.4,
  node: 'v20.19.0',
  date: '2026-01-01T00:00:00.000Z',
};

describe('the table', () => {
  it('has a row per network, with the spread where there are several seeds', () => {
    expect(tableCells(results)).toEqual([
      ['', 'accuracy', 'parameters', 'on disk', 'one image', 'agreement'],
      ['teacher', '99.46 %', '20,490', '83 KiB', '0.38 ms', ''],
      ['student alone', '96.00 % (95.50–96.50)', '20,490', '83 KiB', '0.38 ms', '98.71 %'],
      ['student distilled', '98.50 % (98.40–98.60)', '20,490', '83 KiB', '0.38 ms', '98.71 %'],
    ]);
  });
});

describe('the plan', () => {
  it('says how many images, epochs and seeds', () => {
    expect(plan(DEFAULT)).toBe(
      'Plan: alone 200 epochs of 500 labelled images, distilled 4 epochs of 60,000 images, 500 of them labelled, 1 seed.',
    );
  });
});

describe('the legend', () => {
  it('speaks of a mean only where there are several seeds', () => {
    expect(legend(results)).toContain('10,000 test images, the mean of 2 seeds (lowest–highest).');
    expect(legend({ ...results, seeds: [1] })).toContain('10,000 test images. ');
  });
});

describe('the finding', () => {
  it('says what came out, also where distillation did not help', () => {
    expect(finding(results)).toBe(
      'With 500 labels of its own the student reaches 96.00 % alone and 98.50 % distilled, 2.50 points more, from a teacher of 99.46 %.',
    );
    expect(finding({ ...results, distilled: network(0.95) })).toContain(
      '95.00 % distilled, 1.00 points less',
    );
  });
});

describe('the line about a step', () => {
  it('says what a teacher adds', () => {
    expect(stepLine(results.step)).toBe(
      "A step of 32 images takes the student 2.00 ms alone, 2.13 ms with the teacher's stored answers, 9.50 ms with the teacher live.",
    );
  });
});

describe('the record', () => {
  const full = { ...results, settings: FULL };

  it('has each seed’s accuracy and the times of a step, beside what Keras’s example says', () => {
    const { rows, further, command, node, seconds } = exampleRecord(full, 'npm start -- --full');
    expect({ command, node, seconds }).toEqual({
      command: 'npm start -- --full',
      node: '20.19.0',
      seconds: 61,
    });
    expect(
      rows.map(({ name, source, values }) => [name, source, values.map((value) => value.toFixed(2))]),
    ).toEqual([
      ['teacher', '97.6', ['99.46']],
      ['student alone', '97.6 (prints 97.78)', ['95.50', '96.50']],
      ['student distilled', '98.1', ['98.40', '98.60']],
    ]);
    expect(further![0]!.measure).toBe('ms a step of 32 images');
    expect(further![0]!.rows.map(({ values }) => values)).toEqual([[2], [2.125], [9.5]]);
  });

  it('stands alone where the settings are others', () => {
    const { rows } = exampleRecord(results, 'npm start');
    expect(rows.every(({ source, peer }) => source === undefined && peer === undefined)).toBe(true);
  });
});

describe('the measures', () => {
  it('takes the class of the highest logit', () => {
    const logits = Float32Array.of(-3, -1, -2, 5, 4, 4);
    expect(Array.from(predictions({ logits, classes: 3 }))).toEqual([1, 0]);
  });

  it('counts the places that agree', () => {
    expect(agreement(Int32Array.of(1, 2, 3, 4), Int32Array.of(1, 0, 3, 0))).toBe(0.5);
  });
});
