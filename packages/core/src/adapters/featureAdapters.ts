import { clone } from '@tensorflow/tfjs-core';
import { type Taps } from '../criterion/Criterion.js';
import { DistillError } from '../errors.js';
import { type Student } from '../student/Student.js';
import { type TeacherSource } from '../teacher/TeacherSource.js';
import { type Adapter } from './Adapter.js';
import { type AdapterOptions, createAdapter } from './createAdapter.js';
import { featureShape } from './featureShape.js';
import { TrainedParts } from './TrainedParts.js';

export interface FeatureAdapterOptions extends Omit<AdapterOptions, 'name'> {
  /** Match the channels and leave the sizes as they are. Default false. */
  readonly keepSizes?: boolean;
}

/**
 * Adapters from a student's features to a teacher's, one for each pair of tapped layers.
 *
 * Their variables are named `<type>/<student layer>-<teacher layer>/…`; each pair draws from its own seed.
 *
 * @param taps As many layers on both sides.
 *
 * @example
 * const adapters = featureAdapters('fitnet', { student: ['conv1'], teacher: ['conv3'] }, { seed: 1 });
 * adapters.prepare({ student, teacher });
 * adapters.at(0).apply(feature); // in the shape of the teacher's conv3
 */
export function featureAdapters(
  type: string,
  { student: studentLayers = [], teacher: teacherLayers = [] }: Taps,
  { kind = 'auto', seed = 0, batchNorm = false, keepSizes = false }: FeatureAdapterOptions = {},
): TrainedParts<Adapter> {
  return new TrainedParts(type, function* ({ student, teacher }) {
    if (teacher === undefined) throw new DistillError('OPTION', `Criterion "${type}" needs a teacher.`);
    for (const [i, layer] of studentLayers.entries()) {
      const other = teacherLayers[i] ?? layer;
      if (kind === 'identity' && !declared(student, layer, teacher, other)) yield IDENTITY;
      else {
        const [from, whole] = [featureShape(student, layer), featureShape(teacher, other)];
        const to = keepSizes ? [...from.slice(0, -1), whole.at(-1) ?? null] : whole;
        yield createAdapter(from, to, { kind, batchNorm, seed: seed + i, name: `${type}/${layer}-${other}` });
      }
    }
  });
}

const declared = (student: Student, layer: string, teacher: TeacherSource, other: string): boolean =>
  student.signature.features?.[layer] !== undefined && teacher.signature.features?.[other] !== undefined;

/** Needs no shapes: models that declare none can use it. */
const IDENTITY: Adapter = {
  variables: [],
  apply: (x) => clone(x),
  describe: () => 'identity',
  dispose: () => undefined,
};
