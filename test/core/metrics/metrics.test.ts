import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrationBins, expectedCalibrationError } from '../../../packages/core/src/metrics/calibration.js';
import { classScores, confusionMatrix } from '../../../packages/core/src/metrics/confusionMatrix.js';
import { quantile, summarize } from '../../../packages/core/src/metrics/summarize.js';

/** Up to 60 samples: confidence, and whether the answer is right. */
const judged = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), {
  minLength: 1,
  maxLength: 60,
});
const binsOf = (samples: [number, boolean][], bins?: number) =>
  calibrationBins(
    samples.map(([confidence]) => confidence),
    samples.map(([, right]) => right),
    bins,
  );

describe('the calibration', () => {
  it('counts every sample once, in the bin that holds its confidence', () => {
    fc.assert(
      fc.property(judged, fc.integer({ min: 1, max: 30 }), (samples, bins) => {
        const found = binsOf(samples, bins);
        expect(found).toHaveLength(bins);
        expect(found.reduce((sum, bin) => sum + bin.samples, 0)).toBe(samples.length);
        for (const { from, to, samples: count, confidence } of found) {
          if (count === 0) continue;
          expect(confidence).toBeGreaterThanOrEqual(from - 1e-9);
          expect(confidence).toBeLessThanOrEqual(to + 1e-9);
        }
      }),
    );
  });

  it('has an error from 0 to 1, the same in any order, and at least the gap of the means', () => {
    fc.assert(
      fc.property(judged, (samples) => {
        const error = expectedCalibrationError(binsOf(samples));
        expect(error).toBeGreaterThanOrEqual(0);
        expect(error).toBeLessThanOrEqual(1);
        expect(expectedCalibrationError(binsOf([...samples].reverse()))).toBeCloseTo(error, 9);
        const gap = samples.reduce((sum, [confidence, right]) => sum + Number(right) - confidence, 0);
        expect(error).toBeGreaterThanOrEqual(Math.abs(gap / samples.length) - 1e-9);
      }),
    );
  });

  it('is 0 where confidence is accuracy, and takes 0, a bin edge and a rounded 1', () => {
    expect(expectedCalibrationError(calibrationBins([0.5, 0.5], [true, false]))).toBe(0);
    const counts = calibrationBins([0, 0.5, 1.0000001], [false, true, true], 2).map(({ samples }) => samples);
    expect(counts).toEqual([2, 1]);
    expect(expectedCalibrationError(calibrationBins([], []))).toBeNaN();
  });
});

describe('the confusion matrix', () => {
  const answers = fc
    .integer({ min: 1, max: 8 })
    .chain((classes) =>
      fc.tuple(
        fc.constant(classes),
        fc.array(fc.tuple(fc.nat(classes - 1), fc.nat(classes - 1)), { minLength: 1, maxLength: 50 }),
      ),
    );

  it('has the samples of a class in its row, and the right answers in the diagonal', () => {
    fc.assert(
      fc.property(answers, ([classes, samples]) => {
        const truth = samples.map(([label]) => label);
        const matrix = confusionMatrix(
          truth,
          samples.map(([, answer]) => answer),
          classes,
        );
        matrix.forEach((row, c) =>
          expect(row.reduce((sum, count) => sum + count, 0)).toBe(
            truth.filter((label) => label === c).length,
          ),
        );
        const right = matrix.reduce((sum, row, c) => sum + (row[c] ?? 0), 0);
        expect(right).toBe(samples.filter(([label, answer]) => label === answer).length);
      }),
    );
  });

  it('gives recalls whose mean, weighted by samples, is the accuracy', () => {
    fc.assert(
      fc.property(answers, ([classes, samples]) => {
        const scores = classScores(
          confusionMatrix(
            samples.map(([label]) => label),
            samples.map(([, answer]) => answer),
            classes,
          ),
        );
        const found = scores.reduce((sum, { samples: n, recall }) => sum + (n === 0 ? 0 : n * recall), 0);
        const right = samples.filter(([label, answer]) => label === answer).length;
        expect(found).toBeCloseTo(right, 9);
      }),
    );
  });
});

describe('the summary of several seeds', () => {
  it('has the sample standard deviation', () => {
    expect(summarize([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({
      count: 8,
      mean: 5,
      sd: expect.closeTo(Math.sqrt(32 / 7), 12) as number,
      lowest: 2,
      highest: 9,
    });
    expect(summarize([0.5])).toEqual({ count: 1, mean: 0.5, sd: 0, lowest: 0.5, highest: 0.5 });
    expect(summarize([]).mean).toBeNaN();
  });

  it('moves with its values, and its spread does not', () => {
    const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.double({ min: -1e3, max: 1e3, noNaN: true }), (list, by) => {
        const [a, b] = [summarize(list), summarize(list.map((value) => value + by))];
        expect(b.mean).toBeCloseTo(a.mean + by, 6);
        expect(b.sd).toBeCloseTo(a.sd, 6);
      }),
    );
  });
});

describe('a quantile', () => {
  it('lies between neighbours, as NumPy has it', () => {
    // numpy.quantile([7, 1, 3, 10], [0, 0.5, 0.95, 1])
    expect([0, 0.5, 0.95, 1].map((share) => quantile([7, 1, 3, 10], share))).toEqual([
      1,
      5,
      expect.closeTo(9.55, 12),
      10,
    ]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('grows with its share and stays within the values', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, share, share, (list, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((part) => quantile(list, part));
        expect(low).toBeLessThanOrEqual(high! + 1e-9);
        expect(low).toBeGreaterThanOrEqual(Math.min(...list) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...list) + 1e-9);
      }),
    );
  });
});
