/** Samples whose confidence lies in `(from, to]`. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  /** Mean of the highest probabilities, 0 to 1; 0 in an empty bin. */
  readonly confidence: number;
  /** Share answered right, 0 to 1; 0 in an empty bin. */
  readonly accuracy: number;
}

/**
 * Sorts samples by confidence into bins of equal width: a histogram, and the points of a reliability diagram.
 *
 * @param confidences Highest probability of each sample, 0 to 1.
 * @param correct Whether the answer of each sample is right; same length.
 * @param bins How many; default 15, as Guo et al. have it.
 * @returns `bins` bins from 0 to 1, each open on the left and closed on the right; the first holds 0 too.
 * @example calibrationBins([0.95, 0.55], [true, false], 2)[1] // { from: 0.5, to: 1, samples: 2, confidence: 0.75, accuracy: 0.5 }
 */
export function calibrationBins(
  confidences: ArrayLike<number>,
  correct: ArrayLike<boolean>,
  bins = 15,
): CalibrationBin[] {
  const counts = Array.from({ length: bins }, () => ({ samples: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < confidences.length; i++) {
    const confidence = confidences[i] ?? 0;
    const bin = counts[binOf(confidence, bins)];
    if (bin === undefined) continue;
    bin.samples += 1;
    bin.confidence += confidence;
    bin.right += correct[i] ? 1 : 0;
  }
  return counts.map(({ samples, confidence, right }, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    samples,
    confidence: samples === 0 ? 0 : confidence / samples,
    accuracy: samples === 0 ? 0 : right / samples,
  }));
}

/** Rounding in float32 takes a sure answer a little above 1. */
function binOf(confidence: number, bins: number): number {
  return Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1);
}

/**
 * Expected calibration error: how far confidence is from accuracy, `Σ (nᵢ / n) · |accuracyᵢ − confidenceᵢ|` over the bins.
 *
 * @returns 0 (answers are right as often as they are sure) to 1; `NaN` without samples.
 * @example expectedCalibrationError(calibrationBins([0.95, 0.55], [true, false], 2)) // |0.5 − 0.75| = 0.25
 * @see Guo et al., "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599 (2017), equation 3
 */
export function expectedCalibrationError(bins: readonly CalibrationBin[]): number {
  const samples = bins.reduce((sum, bin) => sum + bin.samples, 0);
  const gaps = bins.map((bin) => bin.samples * Math.abs(bin.accuracy - bin.confidence));
  return gaps.reduce((sum, gap) => sum + gap, 0) / samples;
}
