import { dispose } from '@tensorflow/tfjs-core';
import {
  outputTensors,
  type TeacherRows,
  type TeacherSource,
  type TeacherStoreWriter,
} from '@tfjs-distill/core';
import { type Samples } from '../data/Dataset.js';
import { sampleTensors } from '../data/sampleTensors.js';

export interface LabelOptions {
  /** Samples that the teacher is asked about at once. */
  readonly batchSize: number;
  /** Ends after the running batch; what is labelled stays. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of samples stored so far, those of an earlier run included. */
  readonly onProgress?: ((stored: number) => void) | undefined;
  /** Called for each batch with how long the teacher took to answer. */
  readonly onAnswer?: ((seconds: number) => void) | undefined;
}

/**
 * Asks a teacher about every sample that a store lacks. While one batch is written the next is asked about; whatever
 * ends the run, an error or an abort, the answers that arrived are in the store.
 *
 * @param rows Which samples, by position.
 * @returns How many samples were labelled now.
 */
export async function labelSamples(
  teacher: TeacherSource,
  samples: Samples,
  rows: Int32Array,
  writer: TeacherStoreWriter,
  { batchSize, signal, onProgress, onAnswer }: LabelOptions,
): Promise<number> {
  const todo = missingRows(samples, rows, writer);
  let labelled = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for (let start = 0; start < todo.length && !signal?.aborted; start += batchSize) {
      const asked = performance.now();
      const answers = await askTeacher(teacher, samples, todo.subarray(start, start + batchSize), writer);
      onAnswer?.((performance.now() - asked) / 1000);
      await writing;
      writing = writer.append(answers).then(() => {
        labelled += answers.ids.length;
        onProgress?.(writer.size);
      });
      writing.catch(() => undefined); // thrown where it is awaited
    }
  } finally {
    await writing;
  }
  return labelled;
}

function missingRows(samples: Samples, rows: Int32Array, writer: TeacherStoreWriter): Int32Array {
  const missing = new Set(writer.missing(rows.map((row) => samples.ids[row] as number)));
  return rows.filter((row) => missing.has(samples.ids[row] as number));
}

/** A teacher's answers about some samples, as plain numbers. */
export async function askTeacher(
  teacher: TeacherSource,
  samples: Samples,
  rows: Int32Array,
  { header }: Pick<TeacherStoreWriter, 'header'>,
): Promise<TeacherRows> {
  const taps = Object.keys(header.features);
  const { x, y, ids } = sampleTensors(samples, rows);
  try {
    const said = await teacher.outputs({ x, y, ids }, taps);
    try {
      const read = async (tap: string) => [tap, (await said.features[tap]?.data()) as Float32Array] as const;
      const features = Object.fromEntries(await Promise.all(taps.map(read)));
      return { ids, logits: (await said.logits.data()) as Float32Array, features };
    } finally {
      dispose(outputTensors(said));
    }
  } finally {
    dispose([x, y]);
  }
}
