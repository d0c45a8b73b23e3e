import { type LayersModel } from '@tensorflow/tfjs-layers';
export interface DigitCounts {
  readonly train: number;
  readonly test: number;
}
/** Writes the page's data: MNIST digits as bytes, and the teacher's logits of those to train on. */
export declare function writeDigitFiles(
  folder: string,
  teacher: LayersModel,
  counts: DigitCounts,
): Promise<void>;
//# sourceMappingURL=digitFiles.d.ts.map
