import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Batch, type Inputs } from '../Batch.js';
import { type ClassOrder } from './classOrder.js';
import { type GraphModelLike, type TeacherFunction } from './liveTeacher.js';
import { type Preprocess } from './preprocess.js';
import { type TeacherSource } from './TeacherSource.js';

/** What a teacher gives as logits. `auto` looks at the first batch: rows from 0 to 1 that sum to 1 are probabilities. */
export type TeacherOutputKind = 'logits' | 'probabilities' | 'auto';

/** How a teacher differs from what the student sees and gives. */
export interface TeacherAdaptation {
  readonly name?: string | undefined;
  /**
   * The teacher's own view of a batch: another size, another augmentation. May return tensors of the batch;
   * new ones are freed after use. Default: `batch.teacherX`, else `batch.x`.
   */
  readonly input?: ((batch: Batch) => Inputs) | undefined;
  readonly preprocess?: Preprocess | undefined;
  readonly outputs?: TeacherOutputKind | undefined;
  readonly classes?: ClassOrder | undefined;
}

/** A teacher together with its conversions. */
export interface TeacherEntry extends TeacherAdaptation {
  readonly source: LayersModel | GraphModelLike | TeacherFunction | TeacherSource;
}
