import { dispose } from '@tensorflow/tfjs-core';
import {
  checkTeacher,
  DistillError,
  outputTensors,
  type TeacherCheck,
  type TeacherSource,
} from '@tfjs-distill/core';
import { type Dataset, type Samples } from '../data/Dataset.js';
import { sampleTensors } from '../data/sampleTensors.js';

/** What a first batch shows: whether the teacher fits the data set, the shapes to store, and how fast it is. */
export interface TeacherTrial {
  readonly check: TeacherCheck;
  /** Sizes between sample and class. */
  readonly positions: readonly number[];
  /** Shape of each wanted feature, without the batch. */
  readonly features: Readonly<Record<string, readonly number[]>>;
  /** Samples a second, of a second batch: the first also loads and compiles. */
  readonly rate: number;
}

/** Asks about the first batch of some rows: once to check, once with everything wanted and timed. */
export async function tryTeacher(
  teacher: TeacherSource,
  { classNames }: Pick<Dataset, 'classNames'>,
  samples: Samples,
  rows: Int32Array,
  taps: readonly string[],
): Promise<TeacherTrial> {
  const { x, y, ids } = sampleTensors(samples, rows);
  try {
    const check = await checkTeacher(teacher, { x, y, ids }, { classes: classNames.length || undefined });
    const start = performance.now();
    const said = await teacher.outputs({ x, y, ids }, taps);
    await said.logits.data();
    const rate = rows.length / Math.max(1e-6, (performance.now() - start) / 1000);
    const features = Object.fromEntries(
      taps.map((tap) => [tap, said.features[tap]?.shape.slice(1) ?? absent(tap)]),
    );
    const positions = said.logits.shape.slice(1, -1);
    dispose(outputTensors(said));
    return { check, positions, features, rate };
  } finally {
    dispose([x, y]);
  }
}

function absent(tap: string): never {
  throw new DistillError('OPTION', `The teacher gives no feature "${tap}".`, { where: '--features' });
}
